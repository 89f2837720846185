package io.panamio.bench;

import static io.panamio.bench.GuardOperation.check;

import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Operations of {@link RegressionGuard} on a part of Panamio. Each build of the library has its own version, compiled
 * separately, so that a build that lacks something lacks only that part, and loaded by the class loader of that build.
 * The guard uses only JDK types of it: a map of operations by name, each of which performs itself a given number of
 * times.
 */
abstract class GuardOperations implements Supplier<Map<String, LongConsumer>> {
    /** The classes of all parts. */
    static final List<String> PARTS = List.of("GuardStreams", "GuardDatagrams", "GuardPipes", "GuardVectored",
        "GuardPipelines");

    static TcpListener listener() throws IOException {
        return TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /** Both ends of a connection. */
    static TcpStream[] pair(TcpListener listener, InetSocketAddress address) throws IOException {
        TcpStream client = TcpStream.connect(address);
        TcpStream server;
        do {
            server = listener.accept();
        } while (server == null);
        check(client.finishConnect());
        return new TcpStream[] {client, server};
    }

    /** Adds the operations to a map. */
    abstract void put(Map<String, LongConsumer> operations) throws IOException;

    @Override
    public final Map<String, LongConsumer> get() {
        Map<String, LongConsumer> operations = new LinkedHashMap<>();
        try {
            put(operations);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return operations;
    }
}
