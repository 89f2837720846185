package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BYTES;
import static io.panamio.bench.GuardOperation.SOURCES;
import static io.panamio.bench.GuardOperation.check;
import static io.panamio.bench.GuardOperation.repeat;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Waker;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * The operations of {@link RegressionGuard} over Panamio. It is loaded once for each build of the library, in a class
 * loader of its own, and known to the guard by JDK types alone: a map of operations by name, each of which does itself
 * as often as it is told. It uses what the oldest release has, and no more.
 */
public final class GuardOperations implements Supplier<Map<String, LongConsumer>> {
    /** Kept open. */
    private final List<TcpStream> streams = new ArrayList<>();

    @Override
    public Map<String, LongConsumer> get() {
        try {
            Map<String, LongConsumer> operations = new LinkedHashMap<>();
            TcpListener listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            InetSocketAddress address = listener.localAddress();
            TcpStream[] pair = pair(listener, address);
            MemorySegment memory = Arena.ofAuto().allocate(BYTES);
            operations.put("send and receive 64 bytes", repeat(() -> {
                check(pair[0].write(memory) == BYTES);
                while (pair[1].read(memory) == IoResult.WOULD_BLOCK) {
                    Thread.onSpinWait();
                }
            }));
            operations.put("a read that would block", repeat(() -> check(pair[0].read(memory) < 0)));
            operations.put("poll, none of 64 ready", polling(listener, address, false));
            operations.put("poll, 64 of 64 ready", polling(listener, address, true));
            Poll poll = Poll.open();
            Waker waker = Waker.open(poll.registry(), 1);
            Events events = Events.withCapacity(SOURCES);
            operations.put("wake, and the poll that reports it", repeat(() -> {
                waker.wake();
                check(poll.pollNow(events) == 1 && events.token(0) == 1);
            }));
            operations.put("connect, accept, close both", repeat(() -> {
                TcpStream[] ends = pair(listener, address);
                ends[1].close();
                ends[0].close();
            }));
            return operations;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TcpStream[] pair(TcpListener listener, InetSocketAddress address) throws IOException {
        TcpStream client = TcpStream.connect(address);
        TcpStream server;
        do {
            server = listener.accept();
        } while (server == null);
        check(client.finishConnect());
        return new TcpStream[] {client, server};
    }

    /** Polls 64 streams, of which all are writable or none is readable, and looks at token and flags. */
    private LongConsumer polling(TcpListener listener, InetSocketAddress address, boolean ready)
            throws IOException {
        Poll poll = Poll.open();
        Events events = Events.withCapacity(SOURCES);
        Interest interest = ready ? Interest.WRITABLE.level() : Interest.READABLE;
        for (int i = 0; i < SOURCES; i++) {
            TcpStream[] ends = pair(listener, address);
            streams.addAll(List.of(ends));
            poll.registry().register(ends[0], i, interest);
        }
        if (!ready) {
            return repeat(() -> check(poll.pollNow(events) == 0 && !streams.isEmpty()));
        }
        return repeat(() -> {
            int n = poll.pollNow(events);
            long tokens = 0;
            for (int i = 0; i < n; i++) {
                tokens += events.isWritable(i) ? events.token(i) : SOURCES;
            }
            check(tokens == SOURCES * (SOURCES - 1) / 2);
        });
    }
}
