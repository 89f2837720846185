package io.panamio.test.faults;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.Poll;
import io.panamio.Source;
import io.panamio.SystemError;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** One run of a scenario: its sources, and what its events have reported. */
final class Run implements AutoCloseable {
    static final int READABLE = 1;
    static final int WRITABLE = 2;
    /** The end of the stream, an error or priority: a short read has not drained the stream then. */
    static final int SPECIAL = 4;

    /** How long a run waits for an event: nothing but faults delays one. */
    private static final Duration PATIENCE = Duration.ofSeconds(Integer.getInteger("panamio.test.patience", 3));

    /** A defect that a fault has shown. */
    static final class Defect extends RuntimeException {
        private static final long serialVersionUID = 1;

        Defect(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** A call that may fail because of a fault. */
    interface Call<T> {
        T run() throws IOException;
    }

    /** A part of what a scenario does. */
    interface Step {
        /** Does what can be done now; returns whether that was anything. */
        boolean run() throws IOException;

        boolean isDone();
    }

    private final Poll poll;
    private final Events events = Events.withCapacity(16);
    private final Plan plan;
    private final Fault fault;
    private final boolean level;
    private final Deque<AutoCloseable> closeables = new ArrayDeque<>();
    private final int[] ready = new int[64];
    private int tokens = 8; // the lower ones belong to the connection that lives on
    /** The failure that the fault has caused, or null. */
    private Throwable failure;
    final Arena arena = Arena.ofConfined();
    /** What the bytes of this run are made of. */
    final int seed;
    private final long start = System.nanoTime();

    Run(Poll poll, Plan plan, Fault fault, boolean level, int seed) {
        this.poll = poll;
        this.plan = plan;
        this.fault = fault;
        this.level = level;
        this.seed = seed;
    }

    Poll poll() {
        return poll;
    }

    Throwable failure() {
        return failure;
    }

    <C extends AutoCloseable> C later(C c) {
        closeables.push(c);
        return c;
    }

    @Override
    public void close() throws IOException {
        while (!closeables.isEmpty()) {
            try {
                closeables.pop().close();
            } catch (Exception e) {
                throw new Defect("a close failed", e);
            }
        }
        arena.close();
    }

    /** Makes a call, again if the fault has made it fail. */
    <T> T tried(Call<T> call) throws IOException {
        for (;;) {
            try {
                return call.run();
            } catch (IOException | OutOfMemoryError e) {
                surfaced(e);
            }
        }
    }

    /** Checks that a failure is that of the fault, and names it, once. */
    void surfaced(Throwable e) {
        if (plan.injected() == 0 || failure != null) {
            throw new Defect(failure == null ? "failed without a fault" : "failed again", e);
        }
        failure = e;
        if (fault.error().equals("EINTR")) {
            throw new Defect("an interruption is no failure", e);
        }
        if (!(e instanceof SystemError)) {
            throw new Defect("the failure names no call", e);
        }
        if (!names(e) && Arrays.stream(e.getSuppressed()).noneMatch(this::names)) {
            throw new Defect("the failure names another call or error", e);
        }
    }

    private boolean names(Throwable e) {
        return e instanceof SystemError s && s.errno() == fault.errno() && fault.names().contains(s.call());
    }

    // ---- events

    /** Registers a source; returns its token. */
    int register(Source source, Interest interest) throws IOException {
        int token = tokens++;
        return tried(() -> {
            boolean levels = level && source instanceof IoSource; // a Connector has none
            poll.registry().register(source, token, levels ? interest.level() : interest);
            return token;
        });
    }

    void reregister(Source source, int token, Interest interest) throws IOException {
        tried(() -> {
            poll.registry().reregister(source, token, level ? interest.level() : interest);
            return null;
        });
    }

    boolean isReady(int token, int bits) {
        return (ready[token] & bits) != 0;
    }

    /** Records that an operation would block. */
    void blocked(int token, int bits) {
        ready[token] &= ~bits;
    }

    /** Waits for events; fails if none arrives. */
    void await() throws IOException {
        int n = tried(() -> poll.poll(events, PATIENCE));
        if (n == 0 || System.nanoTime() - start > 10 * PATIENCE.toNanos()) {
            throw new Defect("hangs", failure);
        }
        for (int i = 0; i < events.size(); i++) {
            int token = (int) events.token(i);
            if (token < ready.length) {
                ready[token] |= (events.isReadable(i) ? READABLE : 0) | (events.isWritable(i) ? WRITABLE : 0)
                    | (events.isReadClosed(i) || events.isError(i) || events.isPriority(i)
                        ? SPECIAL | READABLE : 0)
                    | (events.isWriteClosed(i) ? WRITABLE : 0);
            }
        }
    }

    /** Waits until an event has reported one of some conditions. */
    void await(int token, int bits) throws IOException {
        while (!isReady(token, bits)) {
            await();
        }
    }

    /** Runs steps until all are done, waiting for events when none has anything to do. */
    void all(Step... steps) throws IOException {
        for (;;) {
            boolean done = true;
            boolean progress = false;
            for (Step step : steps) {
                progress |= !step.isDone() && step.run();
                done &= step.isDone();
            }
            if (done) {
                return;
            }
            if (!progress) {
                await();
            }
        }
    }

    /** {@return whether the fault has happened, and is neither an interruption nor a full buffer} */
    boolean isRefusal() {
        return fault != null && plan.injected() > 0 && !fault.error().equals("EINTR")
            && !fault.error().equals("EAGAIN");
    }
}
