package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BYTES;
import static io.panamio.bench.GuardOperation.MANY;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** TCP, polls and wakes. */
public final class GuardStreams extends GuardOperations {
    /** Kept open. */
    private final List<TcpStream> streams = new ArrayList<>();

    @Override
    void put(Map<String, LongConsumer> operations) throws IOException {
        TcpListener listener = listener();
        InetSocketAddress address = listener.localAddress();
        TcpStream[] pair = pair(listener, address);
        MemorySegment memory = Arena.ofAuto().allocate(BYTES);
        operations.put("send and receive 64 bytes", repeat(() -> {
            check(pair[0].write(memory) == BYTES);
            while (pair[1].read(memory) == IoResult.WOULD_BLOCK) {
                Thread.onSpinWait();
            }
        }));
        operations.put("send and receive 64 bytes, arrays", arrays(pair, BYTES));
        operations.put("send and receive 16 KiB, arrays", arrays(pair, MANY));
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
    }

    private static LongConsumer arrays(TcpStream[] pair, int size) {
        byte[] array = new byte[size];
        return repeat(() -> {
            check(pair[0].write(array, 0, size) == size);
            for (int got = 0; got < size;) {
                got += (int) Math.max(0, pair[1].read(array, got, size - got));
            }
        });
    }

    /** Polls 64 streams, of which all are writable or none is readable, and reads token and flags. */
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
