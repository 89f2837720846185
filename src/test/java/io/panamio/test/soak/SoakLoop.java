package io.panamio.test.soak;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.memory.SegmentPool;
import io.panamio.net.ListenOptions;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpListener;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixListener;
import io.panamio.pipeline.FileSource;
import io.panamio.test.soak.Calls.Kind;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/** An event loop with a constant number of sessions: when one ends, another begins. */
final class SoakLoop implements Runnable {
    private static final long TCP = -1;
    private static final long UNIX = -2;
    private static final long WAKER = -3;

    /** What has events or timers. */
    interface Actor {
        /** Handles an event. */
        void event(Event event) throws IOException;

        /** Goes on. */
        void turn() throws IOException;

        /** Handles a timer that has expired. */
        void expired() throws IOException;
    }

    final Run run;
    final Others others;
    final Random random;
    final Poll poll;
    final Timers timers = new Timers();
    final Slab<Actor> actors = new Slab<>();
    final Map<Long, StreamSession> connecting = new HashMap<>();
    final SegmentPool pool;
    final TcpListener tcp;
    final UnixListener unix;
    final FileSource file;
    /** For one read or write. */
    final MemorySegment buffer;
    final byte[] array = new byte[Pattern.MAX];
    final ByteBuffer bytes = ByteBuffer.allocateDirect(Pattern.MAX);
    private final Path folder;
    private final int concurrency;
    private final Events events = Events.withCapacity(256);
    private final ArrayDeque<Actor> turns = new ArrayDeque<>();
    private final Queue<Actor> posted = new ConcurrentLinkedQueue<>();
    private final Waker waker;
    private int live;
    /** Whom to unpark when the next wake is handled. */
    private volatile Thread waiting;
    private volatile long reserved;

    /** Opens a loop, in the thread that runs it. */
    SoakLoop(Run run, Others others, int number, int concurrency) throws IOException {
        this.run = run;
        this.others = others;
        this.concurrency = concurrency;
        random = new Random(run.seed * 31 + number);
        pool = SegmentPool.open();
        buffer = Arena.ofAuto().allocate(Pattern.MAX, 64);
        folder = Files.createTempDirectory("panamio-soak");
        Path content = folder.resolve("bytes");
        try (FileChannel out = FileChannel.open(content, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer all = run.pattern.bytes.asByteBuffer();
            while (all.hasRemaining()) {
                out.write(all);
            }
        }
        file = FileSource.open(content);
        poll = Poll.open();
        waker = Waker.open(poll.registry(), WAKER);
        tcp = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            ListenOptions.DEFAULT.backlog(1000));
        poll.registry().register(tcp, TCP, Interest.READABLE);
        unix = Feature.UNIX_STREAMS.isAvailable() ? UnixListener.bind(UnixAddress.ofPath(folder.resolve("s"))) : null;
        if (unix != null) {
            poll.registry().register(unix, UNIX, Interest.READABLE);
        }
    }

    // ---- from other threads

    /** Has an actor go on, from another thread. */
    void post(Actor actor) {
        posted.add(actor);
        wake(null);
    }

    /** Wakes the loop, which unparks a thread when it handles the wake. */
    void wake(Thread thread) {
        if (thread != null) {
            waiting = thread;
        }
        waker.wake();
        run.calls.add(Kind.WAKE);
    }

    /** {@return whether a wake is not handled yet} */
    boolean isWaking() {
        return waiting != null;
    }

    long reserved() {
        return reserved;
    }

    // ---- in the loop

    @Override
    public void run() {
        try {
            for (int i = 0; i < concurrency; i++) {
                begin();
            }
            while (live > 0 && run.failure() == null) {
                turn();
            }
        } catch (Throwable t) {
            run.failed(t);
        } finally {
            close();
        }
    }

    private void begin() throws IOException {
        live++;
        Session session = random.nextInt(4) == 0 ? new DatagramSession(this) : new StreamSession(this);
        session.start();
    }

    void ended() throws IOException {
        live--;
        run.sessionEnded();
        if (random.nextInt(64) == 0) {
            others.submit(others::openPoll);
        }
        if (!run.isOver()) {
            begin();
        }
    }

    void later(Actor actor) {
        turns.add(actor);
    }

    long schedule(long token, Duration delay) {
        run.calls.add(Kind.TIMER);
        return timers.schedule(token, delay);
    }

    void cancel(long timer) {
        run.calls.add(Kind.TIMER);
        timers.cancel(timer);
    }

    private void turn() throws IOException {
        int n = turns.isEmpty() ? poll.poll(events, timers) : poll.pollNow(events);
        run.calls.add(Kind.POLL);
        for (int i = 0; i < n; i++) {
            long token = events.token(i);
            if (token == TCP) {
                accept(tcp::accept);
            } else if (token == UNIX) {
                accept(unix::accept);
            } else if (token == WAKER) {
                woken();
            }
        }
        for (Event event : events) {
            Actor actor = actors.get(event.token());
            if (actor != null) {
                actor.event(event);
            }
        }
        while (timers.expire()) {
            Actor actor = actors.get(timers.token());
            if (actor != null) {
                actor.expired();
            }
        }
        for (int i = turns.size(); i > 0; i--) {
            turns.remove().turn();
        }
        reserved = pool.reserved();
    }

    private void woken() throws IOException {
        Thread thread = waiting;
        waiting = null;
        LockSupport.unpark(thread);
        for (Actor actor; (actor = posted.poll()) != null;) {
            actor.turn();
        }
    }

    /** The accept of a listener. */
    private interface Accept {
        StreamSocket<?> accept() throws IOException;
    }

    private void accept(Accept listener) throws IOException {
        for (StreamSocket<?> stream; (stream = listener.accept()) != null;) {
            run.calls.add(Kind.CONNECT, 2);
            new Accepted(this, stream);
        }
        run.calls.add(Kind.CONNECT);
    }

    private void close() {
        run.end(); // also if it has failed
        actors.forEach(actor -> {
            if (actor instanceof End end) {
                end.close();
            } else if (actor instanceof Accepted accepted) { // never used
                accepted.close();
            }
        });
        tcp.close();
        if (unix != null) {
            unix.close();
        }
        poll.close();
        file.close();
        try {
            if (run.failure() == null && (pool.acquired() != 0 || timers.size() != 0 || actors.size() != 0)) {
                throw new AssertionError("left over: " + pool.acquired() + " bytes of the pool, " + timers.size()
                    + " timers, " + actors.size() + " actors");
            }
            pool.close();
            Files.deleteIfExists(folder.resolve("s"));
            Files.deleteIfExists(folder.resolve("bytes"));
            Files.deleteIfExists(folder);
        } catch (IOException | RuntimeException | Error e) {
            run.failed(e);
        }
    }
}
