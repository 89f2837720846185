package io.panamio.net;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Slab;
import io.panamio.Source;
import io.panamio.SourceFd;
import io.panamio.sys.Handle;
import io.panamio.sys.Selector;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;

/**
 * Lets threads wait for sources, so that code on virtual threads needs no event loop. A thread that waits is parked: a
 * virtual thread releases its carrier.
 *
 * {@snippet file="VirtualSnippets.java" region="server"}
 *
 * <p>Any {@link Source} can be waited for: streams, listeners, datagram sockets, pipes, and what the JDK cannot wait
 * for, such as a descriptor of inotify(7) or a pidfd in a {@link SourceFd}. There is one rule: <em>first call the
 * operation, wait only if it would block, then repeat it.</em>
 *
 * {@snippet file="VirtualSnippets.java" region="await"}
 *
 * <p>The first wait registers the source, edge-triggered. It remains registered until it is closed or {@linkplain
 * IoSource#detach detached}, so further waits make no system call. (Sockets of the JDK on virtual threads are
 * registered anew for each wait.) While it is registered, it cannot be registered with a {@link Poll} or waited for by
 * another poller.
 *
 * <p>At most one thread at a time waits for each direction of a source: readable, writable and priority. A second one
 * gets an {@link IllegalStateException}. One thread may read from a stream while another one writes to it.
 *
 * <p>An event is never lost: if it arrives after the operation and before the wait, the wait returns at once.
 *
 * <table class="striped">
 * <caption>What ends a wait</caption>
 * <thead><tr><th scope="col">cause</th><th scope="col">result</th></tr></thead>
 * <tbody>
 * <tr><th scope="row">an event</th><td>the wait returns; the operation may block again, so repeat both</td></tr>
 * <tr><th scope="row">the timeout</th><td>the wait returns {@code false}</td></tr>
 * <tr><th scope="row">{@link Thread#interrupt}</th><td>{@link InterruptedIOException}; the interrupt status remains
 *     set, and the source open</td></tr>
 * <tr><th scope="row">the source is closed or detached</th>
 *     <td>{@link java.nio.channels.AsynchronousCloseException}</td></tr>
 * <tr><th scope="row">the poller is closed</th><td>{@link ClosedSelectorException}; the source remains open</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Platform threads may wait, too. But where a poller polls by a virtual thread, they depend on the carriers: a
 * virtual thread that computes, or is pinned, delays events.
 *
 * <h2>How it polls</h2>
 * A virtual thread polls without waiting and yields as long as there are events, so that the threads it resumes run
 * on the same carrier; only when there are none, a platform thread waits for the next one. Where that is impossible,
 * with {@linkplain io.panamio.Feature#POLL_DESCRIPTOR poll(2) and on Windows}, the platform thread polls alone. Both
 * are daemon threads. They keep the poller reachable until it is closed.
 *
 * <p>Thread-safe. Most programs need only one.
 */
public final class Poller implements AutoCloseable {
    private static final String NAME = "panamio-poller";
    /** The maximum number of events of one poll. */
    private static final int EVENTS = 512;
    /** How long to pause after a poll that failed for lack of memory or descriptors. */
    private static final long PAUSE_NANOS = 10_000_000;
    private static final Duration MAX_NANOS = Duration.ofNanos(Long.MAX_VALUE);
    /** The interests, indexed by the direction bits of {@code Waits}; the one at 0 is a placeholder. */
    private static final List<Interest> INTERESTS = interests();

    private final Poll poll = Poll.open();
    /** Held while a source is registered, so that it is registered only once. */
    private final ReentrantLock registering = new ReentrantLock();
    /** Guards the next two fields; acquired last, and never held during a system call. */
    private final ReentrantLock lock = new ReentrantLock();
    private final Slab<Waits> waits = new Slab<>();
    /** The sources that have no handle. */
    private final Map<Source, Waits> wrappers = new IdentityHashMap<>();
    /** Waits for {@link #poll} to have events while the virtual thread is parked; null where no such thread polls. */
    private Poll idle;
    private SourceFd events;
    private Thread virtual;

    private Poller() throws IOException {
    }

    private static List<Interest> interests() {
        Interest[] one = {Interest.READABLE, Interest.WRITABLE, Interest.PRIORITY};
        Interest[] all = new Interest[Waits.ALL + 1];
        for (int bits = 1; bits < all.length; bits++) {
            int rest = bits & bits - 1;
            Interest lowest = one[Integer.numberOfTrailingZeros(bits)];
            all[bits] = rest == 0 ? lowest : all[rest].add(lowest);
        }
        all[0] = Interest.HANG_UP; // no direction
        return List.of(all);
    }

    /**
     * Opens a poller. It holds descriptors until it is closed, four on Linux, and must be closed explicitly.
     *
     * @return the poller
     * @throws ResourceExhaustedException if no descriptors are available
     * @throws IOException if a system call fails
     */
    public static Poller open() throws IOException {
        Poller poller = new Poller();
        boolean done = false;
        try {
            poller.start();
            done = true;
        } finally {
            if (!done) {
                poller.close();
            }
        }
        return poller;
    }

    // Not lambdas: the first one of a process takes 20 ms.

    private void start() throws IOException {
        Selector.of(poll.registry()).setCloseActions(new LongFunction<>() {
            @Override
            public Runnable apply(long token) {
                return find(token);
            }
        });
        if (Feature.POLL_DESCRIPTOR.isAvailable()) {
            idle = Poll.open();
            events = new SourceFd(poll.fd());
            idle.registry().register(events, 0, Interest.READABLE.oneShot());
            virtual = Thread.ofVirtual().inheritInheritableThreadLocals(false).name(NAME).unstarted(new Runnable() {
                @Override
                public void run() {
                    poll();
                }
            });
            virtual.start();
        }
        Thread.ofPlatform().daemon().inheritInheritableThreadLocals(false).name(NAME).start(new Runnable() {
            @Override
            public void run() {
                if (virtual != null) {
                    idle();
                } else {
                    poll();
                }
            }
        });
    }

    // ---- waiting

    /**
     * Waits until a source may be ready, after an operation that would block. Returns at once if an event has arrived
     * since the last wait for that direction, possibly before the operation: repeat both until the operation succeeds.
     *
     * @param source the source; for one that is not an {@link IoSource}, such as a {@link
     *     io.panamio.tls.TlsStream}, any event ends the waits for all directions
     * @param interest the directions to wait for: READABLE, WRITABLE, PRIORITY, or several
     * @throws IllegalArgumentException if the interest includes anything else
     * @throws IllegalStateException if another thread waits for one of these directions, or the source is registered
     *     with a {@link Poll} or belongs to another poller
     * @throws InterruptedIOException if the thread is interrupted, before or during the wait; its interrupt status
     *     remains set
     * @throws java.nio.channels.ClosedChannelException if the source is closed; an {@link
     *     java.nio.channels.AsynchronousCloseException} if this happened during the wait
     * @throws ClosedSelectorException if this poller is closed, before or during the wait
     * @throws IOException if the source cannot be registered
     */
    public void await(Source source, Interest interest) throws IOException {
        await(source, interest, Long.MAX_VALUE);
    }

    /**
     * Waits until a source may be ready or the timeout has elapsed; otherwise as {@link #await(Source, Interest)}.
     *
     * @param source the source
     * @param interest the directions to wait for
     * @param timeout the maximum time to wait; zero does not wait, and no duration is too long
     * @return whether the source may be ready; false if the timeout has elapsed
     * @throws IllegalArgumentException if the timeout is negative, or the interest includes anything but directions
     * @throws IllegalStateException if another thread waits for one of these directions, or the source is registered
     *     with a {@link Poll} or belongs to another poller
     * @throws InterruptedIOException if the thread is interrupted, before or during the wait; its interrupt status
     *     remains set
     * @throws java.nio.channels.ClosedChannelException if the source is closed; an {@link
     *     java.nio.channels.AsynchronousCloseException} if this happened during the wait
     * @throws ClosedSelectorException if this poller is closed, before or during the wait
     * @throws IOException if the source cannot be registered
     */
    public boolean await(Source source, Interest interest, Duration timeout) throws IOException {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout " + timeout + " is negative");
        }
        return await(source, interest, timeout.compareTo(MAX_NANOS) >= 0 ? Long.MAX_VALUE : timeout.toNanos());
    }

    private boolean await(Source source, Interest interest, long nanos) throws IOException {
        Objects.requireNonNull(source, "source");
        int directions = INTERESTS.indexOf(Objects.requireNonNull(interest, "interest"));
        if (directions <= 0) {
            throw new IllegalArgumentException("cannot wait for " + interest);
        }
        Waits entry = waits(source, directions);
        if (nanos == Long.MAX_VALUE) {
            entry.await(directions);
            return true;
        }
        return entry.await(directions, nanos);
    }

    /**
     * Waits in an operation of a channel, whose users do not expect a ClosedSelectorException. Returns true. There are
     * few frames from a caller down to here, as every virtual thread that waits keeps them on its stack.
     */
    boolean await(Source source, int directions) throws IOException {
        try {
            waits(source, directions).await(directions);
            return true;
        } catch (ClosedSelectorException e) {
            throw new IOException("the poller is closed", e);
        }
    }

    // ---- the sources

    private Waits waits(Source source, int directions) throws IOException {
        Waits entry = find(source);
        return entry != null && (entry.registered & directions) == directions ? entry : register(source, directions);
    }

    private Waits find(Source source) {
        if (source instanceof IoSource) {
            return Handle.of(source).closeAction() instanceof Waits entry && entry.poller == this ? entry : null;
        }
        lock.lock();
        try {
            return wrappers.get(source);
        } finally {
            lock.unlock();
        }
    }

    private Waits find(long token) {
        lock.lock();
        try {
            return waits.get(token);
        } finally {
            lock.unlock();
        }
    }

    /** Registers a source, or extends its registration. */
    private Waits register(Source source, int directions) throws IOException {
        registering.lock();
        try {
            Waits entry = find(source);
            if (entry != null) {
                int union = entry.registered | directions;
                if (union != entry.registered) {
                    poll.registry().reregister(source, entry.token, INTERESTS.get(union));
                    entry.registered = union;
                }
                return entry;
            }
            entry = new Waits(this, source instanceof IoSource ? null : source, directions);
            remember(entry, source);
            boolean done = false;
            try {
                poll.registry().register(source, entry.token, INTERESTS.get(directions));
                done = true;
            } finally {
                if (!done) {
                    forget(entry);
                    entry.deliver(Waits.ALL); // to a thread that found it meanwhile, which tries again
                }
            }
            return entry;
        } finally {
            registering.unlock();
        }
    }

    private void remember(Waits entry, Source source) {
        lock.lock();
        try {
            entry.token = waits.insert(entry);
            if (entry.wrapper != null) {
                wrappers.put(source, entry);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a source that is closed. */
    void forget(Waits entry) {
        lock.lock();
        try {
            if (waits.get(entry.token) == entry) {
                waits.remove(entry.token);
            }
            if (entry.wrapper != null) {
                wrappers.remove(entry.wrapper, entry);
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- polling

    /** Polls until this is closed, or the system refuses to poll. */
    private void poll() {
        Events events = Events.withCapacity(EVENTS);
        Waits[] ready = new Waits[EVENTS];
        try {
            while (true) {
                try {
                    pollOnce(events, ready);
                } catch (ResourceExhaustedException e) {
                    LockSupport.parkNanos(PAUSE_NANOS); // no event is lost
                }
            }
        } catch (IOException | ClosedSelectorException e) {
            // closed, or unable to poll
        } finally {
            close();
        }
    }

    private void pollOnce(Events events, Waits[] ready) throws IOException {
        if (virtual == null) {
            deliver(events, poll.poll(events), ready);
            return;
        }
        int n = poll.pollNow(events);
        if (n > 0) {
            deliver(events, n, ready);
            Thread.yield(); // to the threads just resumed
        } else {
            idle.registry().reregister(this.events, 0, Interest.READABLE.oneShot());
            LockSupport.park(this);
        }
    }

    /** Resumes the virtual thread whenever there are events, until this is closed. */
    private void idle() {
        Events one = Events.withCapacity(1);
        try {
            while (true) {
                try {
                    idle.poll(one);
                } catch (ResourceExhaustedException e) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
                LockSupport.unpark(virtual);
            }
        } catch (IOException | ClosedSelectorException e) {
            // closed, or unable to poll
        } finally {
            close();
        }
    }

    private void deliver(Events events, int n, Waits[] ready) {
        lock.lock();
        try {
            for (int i = 0; i < n; i++) {
                ready[i] = waits.get(events.token(i));
            }
        } finally {
            lock.unlock();
        }
        for (int i = 0; i < n; i++) {
            Waits entry = ready[i];
            if (entry != null) {
                ready[i] = null;
                entry.deliver(entry.wrapper == null ? directions(events, i) : Waits.ALL);
            }
        }
    }

    private static int directions(Events events, int i) {
        if (events.isError(i)) {
            return Waits.ALL;
        }
        return (events.isReadable(i) || events.isReadClosed(i) ? Waits.READ : 0)
            | (events.isWritable(i) || events.isWriteClosed(i) ? Waits.WRITE : 0)
            | (events.isPriority(i) ? Waits.URGENT : 0);
    }

    // ---- streams

    /**
     * Returns a blocking channel that reads from and writes to a stream. A read waits for at least one byte; a write
     * waits until all bytes are written, and nothing is {@linkplain WritableStream#flush held back}. If the thread is
     * interrupted, {@link InterruptedIOException#bytesTransferred} is the number of bytes written, by which the
     * position of the buffer has advanced; the channel remains open. If this poller is closed, an operation that has to
     * wait throws an {@link IOException}. Otherwise the channel is like any other {@link StreamChannel}.
     *
     * @param <S> the type of the stream
     * @param stream the stream, which is also a {@link Source}
     * @return the channel
     * @throws IllegalArgumentException if the stream is not a source
     */
    public <S extends ReadableStream & WritableStream> StreamChannel channel(S stream) {
        return blocking(stream, stream);
    }

    /**
     * Returns a blocking channel that reads from a stream, as {@link #channel} does.
     *
     * @param stream the stream, which is also a {@link Source}
     * @return the channel
     * @throws IllegalArgumentException if the stream is not a source
     */
    public ScatteringByteChannel reading(ReadableStream stream) {
        return blocking(stream, null);
    }

    /**
     * Returns a blocking channel that writes to a stream, as {@link #channel} does.
     *
     * @param stream the stream, which is also a {@link Source}
     * @return the channel
     * @throws IllegalArgumentException if the stream is not a source
     */
    public GatheringByteChannel writing(WritableStream stream) {
        return blocking(null, stream);
    }

    /**
     * Returns an input stream that reads from a stream, and waits as {@link #channel} does. It is not buffered. {@link
     * InputStream#available} returns 0. {@link InputStream#close} closes the stream.
     *
     * @param stream the stream, which is also a {@link Source}
     * @return the input stream
     * @throws IllegalArgumentException if the stream is not a source
     */
    public InputStream inputStream(ReadableStream stream) {
        requireSource(stream);
        return new ChannelInput(stream, this);
    }

    /**
     * Returns an output stream that writes to a stream, and waits as {@link #channel} does. It is not buffered. {@link
     * OutputStream#close} closes the stream.
     *
     * @param stream the stream, which is also a {@link Source}
     * @return the output stream
     * @throws IllegalArgumentException if the stream is not a source
     */
    public OutputStream outputStream(WritableStream stream) {
        return new ChannelOutput(blocking(null, stream));
    }

    private StreamChannel blocking(ReadableStream source, WritableStream sink) {
        requireSource(source != null ? source : sink);
        return new StreamChannel(source, sink, this);
    }

    private static void requireSource(Object stream) {
        if (!(Objects.requireNonNull(stream, "stream") instanceof Source)) {
            throw new IllegalArgumentException("the stream is not a Source");
        }
    }

    // ---- closing

    /**
     * Returns whether this poller is open. Another thread may close it at any time.
     *
     * @return {@code false} once {@link #close} has been called, or polling has failed
     */
    public boolean isOpen() {
        return poll.isOpen();
    }

    /**
     * Closes this poller. Threads that wait throw {@link ClosedSelectorException}. The sources remain open, and may be
     * registered elsewhere. Idempotent.
     */
    @Override
    public void close() {
        if (idle != null) {
            idle.close(); // first: it watches the descriptor of the other
        }
        poll.close();
        LockSupport.unpark(virtual);
        lock.lock();
        try {
            for (long token = waits.nextToken(-1); token >= 0; token = waits.nextToken(token)) {
                waits.remove(token).end(Waits.ENDED);
            }
            wrappers.clear();
        } finally {
            lock.unlock();
        }
    }
}
