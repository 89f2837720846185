package io.panamio.test.faults;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.net.DuplexStream;
import io.panamio.net.ListenOptions;
import io.panamio.net.ReadableStream;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Connects streams in spite of a fault. */
final class Connections {
    static final Interest RW = Interest.READABLE.add(Interest.WRITABLE);

    /** A registered stream and its token. */
    record End(StreamSocket<?> stream, int token) {
    }

    /** Both ends of a connection. */
    record Pair(End client, End server) {
        Pump up(Run run, Pump.Memory memory, int size) {
            return new Pump(run, client.stream, client.token, server.stream, server.token, memory, size);
        }

        Pump down(Run run, Pump.Memory memory, int size) {
            return new Pump(run, server.stream, server.token, client.stream, client.token, memory, size);
        }
    }

    private Connections() {
    }

    static End register(Run run, StreamSocket<?> stream) throws IOException {
        return new End(run.later(stream), run.register(stream, RW));
    }

    /** Connects by TCP over loopback: with bind, listen, connect, accept. */
    static Pair tcp(Run run) throws IOException {
        TcpListener listener = run.later(run.tried(() -> TcpListener.bind(
            new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0))));
        int listening = run.register(listener, Interest.READABLE);
        InetSocketAddress address = run.tried(listener::localAddress);
        return connect(run, listener::accept, listening, () -> TcpStream.connect(address));
    }

    /** Connects by a Unix socket with all that may be done to its file. */
    static Pair unix(Run run) throws IOException {
        Path file = Files.createTempDirectory("panamio").resolve("s");
        run.later(() -> Files.delete(file.getParent()));
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(file)); // the file remains
        }
        ListenOptions options = ListenOptions.DEFAULT.replaceDead(true).deleteOnClose(true)
            .permissions(PosixFilePermissions.fromString("rw-------"));
        UnixListener listener;
        try {
            listener = run.later(run.tried(() -> UnixListener.bind(UnixAddress.ofPath(file), options)));
            run.later(() -> Files.deleteIfExists(file)); // if the deletion was refused
        } catch (Run.Defect e) {
            Files.deleteIfExists(file);
            throw e;
        }
        if (!PosixFilePermissions.toString(Files.getPosixFilePermissions(file)).equals("rw-------")) {
            throw new Run.Defect("the file has other permissions", run.failure());
        }
        int listening = run.register(listener, Interest.READABLE);
        return connect(run, listener::accept, listening, () -> UnixStream.connect(UnixAddress.ofPath(file)));
    }

    private static <S extends StreamSocket<?>> Pair connect(Run run, Run.Call<S> accept, int listening,
            Run.Call<S> call) throws IOException {
        for (int tries = 0; tries < 2; tries++) {
            End client = register(run, run.tried(call));
            StreamSocket<?> accepted = null;
            while (accepted == null && !run.isReady(client.token, Run.SPECIAL)) {
                if (run.isReady(listening, Run.READABLE)) {
                    accepted = run.tried(accept);
                    if (accepted == null) {
                        run.blocked(listening, Run.READABLE);
                    }
                } else {
                    run.await();
                }
            }
            if (accepted == null) { // the fault has cost this connection
                client.stream.close();
                continue;
            }
            End server = register(run, accepted);
            for (;;) {
                run.await(client.token, Run.WRITABLE);
                if (run.tried(client.stream::finishConnect)) {
                    return new Pair(client, server);
                }
                run.blocked(client.token, Run.WRITABLE);
            }
        }
        throw new Run.Defect("no connection was accepted", run.failure());
    }

    /** Ends both directions, in order: each end finds the end of the stream. */
    static void finish(Run run, Pair pair) throws IOException {
        shutdown(run, pair.client.stream);
        expectEnd(run, pair.server.stream, pair.server.token);
        shutdown(run, pair.server.stream);
        expectEnd(run, pair.client.stream, pair.client.token);
    }

    private static void shutdown(Run run, DuplexStream stream) throws IOException {
        run.tried(() -> {
            stream.shutdown(Shutdown.WRITE);
            return null;
        });
    }

    static void expectEnd(Run run, ReadableStream stream, int token) throws IOException {
        MemorySegment room = run.arena.allocate(16);
        for (;;) {
            run.await(token, Run.READABLE);
            long n = run.tried(() -> stream.read(room));
            if (n == IoResult.EOF) {
                return;
            }
            if (n != IoResult.WOULD_BLOCK) {
                throw new Run.Defect(n + " foreign bytes arrived", run.failure());
            }
            run.blocked(token, Run.READABLE | Run.SPECIAL);
        }
    }
}
