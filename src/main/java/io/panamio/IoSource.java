package io.panamio;

import io.panamio.jfr.Flight;
import io.panamio.memory.SegmentPool;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.SourceArena;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.function.Function;

/**
 * A {@link Source} that owns a descriptor, guards every use of it, and closes it: mio's {@code IoSource}. The sources
 * of this library extend it, and so can your own source over a descriptor that you opened:
 *
 * {@snippet file="SourceSnippets.java" region="own-source"}
 *
 * <p>Every operation on the descriptor is enclosed by {@link #begin} and {@link #end}, or runs in {@link
 * #tryIo(Interest, IoOperation)}, which calls both. Between them the descriptor stays open, whatever other threads do,
 * so an operation can never reach an unrelated descriptor that was assigned the same number. An operation that would
 * block calls {@link #drained}, which re-arms the source where the system does not do so by itself.
 *
 * <p>A descriptor is a non-negative {@code int} on every system. On Windows it is a handle, whose significant bits fit
 * into an {@code int}.
 *
 * <p>Extend this class only for what <em>is</em> a descriptor. A type that wraps a source, such as a stream that
 * decrypts another one, implements {@link Source} and {@link AutoCloseable} and delegates to it. {@link #close} is
 * final, because the safety of the descriptor depends on it.
 *
 * <p>Thread-safe. A source that becomes unreachable without a call of {@link #close} is closed when it is
 * garbage-collected, and a warning with its class is logged to {@code System.getLogger("io.panamio")}; {@code
 * -Dpanamio.leakTracking=true} adds the stack trace of its creation. <em>A registration does not keep a source
 * alive:</em> a {@link Registry} holds the descriptor and the token, not the source. The application must hold a
 * reference to it, for example in a {@link Slab}.
 */
public abstract class IoSource implements Source, AutoCloseable {
    private final Handle handle;

    /**
     * Takes ownership of a descriptor that may have duplicates. Ownership is taken at once: a subclass constructor that
     * throws later does not return it. If this constructor throws, the caller still owns the descriptor.
     *
     * @param fd an open descriptor in {@linkplain #makeNonBlocking non-blocking mode} that nothing else closes
     * @throws IllegalArgumentException if {@code fd} is negative
     */
    protected IoSource(int fd) {
        this(fd, true); // there may be duplicates
    }

    /**
     * Takes ownership of a descriptor; see {@link #IoSource(int)}.
     *
     * @param fd an open descriptor in {@linkplain #makeNonBlocking non-blocking mode} that nothing else closes
     * @param shared whether duplicates of the descriptor may exist, in this or another process. If {@code false},
     *     {@link #close} saves a system call, unless {@link #fd} or {@code tryIo} has exposed the descriptor
     * @throws IllegalArgumentException if {@code fd} is negative
     */
    @SuppressWarnings("this-escape") // escapes only to a phantom reference
    protected IoSource(int fd, boolean shared) {
        handle = Handle.owning(this, fd, shared);
    }

    /**
     * Sets the non-blocking mode of a descriptor, which every source requires. The mode belongs to the open file
     * description: it applies to all duplicates of the descriptor, even in other processes.
     *
     * @param fd an open descriptor of a socket or a pipe
     * @throws IOException if {@code fd} is not open, or the system refuses
     */
    public static void makeNonBlocking(int fd) throws IOException {
        Platform.current().setNonBlocking(fd, true);
    }

    IoSource(Handle handle) {
        this.handle = handle;
    }

    static {
        Handle.setFinder(new Function<>() { // not a lambda: the first one of a process takes 20 ms
            @Override
            public Handle apply(Object source) {
                return ((IoSource) source).handle;
            }
        });
    }

    // ---- operations

    /**
     * Begins an operation: the descriptor stays open until the matching {@link #end}, which must follow in a {@code
     * finally} block. Both together cost two atomic instructions and no system call.
     *
     * @return the descriptor
     * @throws ClosedChannelException if this source is closed
     */
    protected final int begin() throws ClosedChannelException {
        return handle.begin();
    }

    /**
     * Ends an operation. If this source was closed meanwhile and no other operation is running, closes the descriptor.
     */
    protected final void end() {
        handle.exit();
    }

    /**
     * Reports that the current operation found nothing more to do: it would have blocked, or transferred less than
     * requested where that means the same. Only the given direction is re-armed.
     *
     * @param direction the direction that would block; {@link Interest#PRIORITY} if the operation took the urgent byte,
     *     {@link Interest#HANG_UP} if it took the pending error
     */
    protected final void drained(Interest direction) {
        handle.rearm(direction.bits());
    }

    /**
     * Performs a system call on the descriptor under the same contract as the I/O methods of this source: mio's {@code
     * try_io}. If the call would block, the source is re-armed for the given direction only.
     *
     * <p>A partial transfer does not re-arm the source: repeat the call until it would block. If the call throws an
     * {@link IOException}, the pending error counts as taken, and the source is re-armed for the next one. If the
     * direction is {@link Interest#PRIORITY} and the call neither blocks nor throws, the urgent byte counts as taken,
     * and the source is re-armed for the next one.
     *
     * <p>Exposes the descriptor, as {@link #fd} does.
     *
     * @param direction the direction to re-arm if the call would block
     * @param operation the system call
     * @return the result of the operation
     * @throws ClosedChannelException if this source is closed
     * @throws IOException if the operation throws it
     */
    public final long tryIo(Interest direction, IoOperation operation) throws IOException {
        Objects.requireNonNull(direction, "direction");
        int fd = begin();
        try {
            handle.share();
            long result = operation.run(fd);
            if (result == IoResult.WOULD_BLOCK) {
                drained(direction);
                Flight.wouldBlock(this, "tryIo");
            } else if (direction.isPriority()) {
                drained(Interest.PRIORITY);
            }
            return result;
        } catch (IOException e) {
            drained(Interest.HANG_UP);
            throw e;
        } finally {
            end();
        }
    }

    /**
     * Performs a system call that may block on either direction: {@link #tryIo(Interest, IoOperation)} for both.
     *
     * @param operation the system call
     * @return the result of the operation
     * @throws ClosedChannelException if this source is closed
     * @throws IOException if the operation throws it
     */
    public final long tryIo(IoOperation operation) throws IOException {
        return tryIo(BOTH, operation);
    }

    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

    // ---- registration

    @Override
    public final void register(Registry registry, long token, Interest interest) throws IOException {
        handle.register(registry.selector(), token, bits(interest));
    }

    @Override
    public final void reregister(Registry registry, long token, Interest interest) throws IOException {
        handle.reregister(registry.selector(), token, bits(interest));
    }

    private int bits(Interest interest) {
        return handle.isUrgent() ? interest.bitsWithUrgent() : interest.bits();
    }

    @Override
    public final void deregister(Registry registry) throws IOException {
        handle.deregister(registry.selector());
    }

    // ---- the descriptor and its memory

    /**
     * Returns whether this source is open. Another thread may close it at any time.
     *
     * @return {@code false} once {@link #close} or {@link #detach} has been called
     */
    public final boolean isOpen() {
        return handle.isOpen();
    }

    /**
     * Returns the descriptor, which this source still owns. For system calls use {@link #tryIo(Interest, IoOperation)},
     * which keeps it open.
     *
     * <p>Exposes the descriptor: since the caller may duplicate it, {@link #close} will deregister it explicitly, at
     * the cost of one system call, so that a duplicate does not keep the registration alive.
     *
     * @return the descriptor
     * @throws ClosedChannelException if this source is closed
     */
    public final int fd() throws ClosedChannelException {
        handle.share();
        return handle.fd();
    }

    /**
     * Detaches the descriptor: deregisters and closes this source without closing the descriptor, and returns the
     * descriptor.
     *
     * @return the descriptor, now owned by the caller
     * @throws ClosedChannelException if this source is closed
     * @throws IllegalStateException if an operation is running in another thread; nothing has changed then
     * @throws UnsupportedOperationException if this is an end of a pipe and the system does not support {@link
     *     Feature#PIPE_DESCRIPTORS}; nothing has changed then
     */
    public final int detach() throws ClosedChannelException {
        try {
            return handle.detach();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Returns an arena whose memory is released when this source is closed. It costs nothing if unused.
     *
     * <p>The arena is confined to the first thread that calls this method, as by {@link Arena#ofConfined}. If that
     * thread closes the source, the memory is released at once. If another thread does, it is released when the owner
     * thread next polls, creates such an arena, or closes a source that has one; until then the owner can still access
     * it. Later access throws {@link IllegalStateException}. The arena's own {@code close} throws {@link
     * UnsupportedOperationException}.
     *
     * @return the arena, the same one at every call
     * @throws IllegalStateException if this source is closed
     */
    public final Arena arena() {
        return handle.arena();
    }

    /**
     * Returns a new {@link #arena} for this source that takes its memory from a pool. The memory is returned to the
     * pool when this source is closed: at once if the pool's thread closes it, otherwise when the pool's thread next
     * polls.
     *
     * @param pool a pool of the current thread
     * @return the arena, which {@link #arena()} returns from now on
     * @throws IllegalStateException if this source or the pool is closed, or if this source already has an arena
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public final Arena arena(SegmentPool pool) {
        return handle.arena(() -> (SourceArena) pool.arena());
    }

    /**
     * Closes this source and ends its registration. If no operation is running in another thread, the descriptor is
     * closed when this method returns; the port of a listener, for example, can then be bound again. Otherwise the last
     * operation closes it, which is soon, as none of them blocks; events may still be reported until then. Idempotent.
     *
     * <p>Operations called later throw {@link ClosedChannelException}. Errors of the system's close are ignored, as
     * they cannot be handled.
     *
     * <p>Costs one system call, close(2). With epoll, a descriptor that may have duplicates takes another one to
     * deregister it, since a duplicate would keep the registration alive. This applies to a descriptor that came from
     * outside or was exposed by {@link #fd} or {@code tryIo}. (A child process that is being started has duplicates of
     * all descriptors until its execve(2): as with mio, an event for a closed source may be reported in that interval.)
     *
     * <p>With poll(2), which retains the descriptors that it waits for, this method waits until a polling thread has
     * left the system call: a few microseconds, and at most one second if that thread is not scheduled.
     *
     * <p>If the heap is too full to make the system call, nothing is thrown: it is made later, by the next poll of
     * any {@link Poll} or when the next source is created.
     *
     * <p>This method blocks in one case, a socket with a positive {@link java.net.StandardSocketOptions#SO_LINGER}:
     * although the socket is in non-blocking mode, close(2) waits up to that many seconds for the peer to acknowledge
     * what was written. In an event loop set it to 0, which resets the connection without waiting, or leave it unset:
     * pending data is still sent after the close.
     */
    @Override
    public final void close() {
        try {
            handle.close();
        } finally {
            Reference.reachabilityFence(this); // keeps the cleaner from running meanwhile
        }
    }

    /** {@return the kind of source and its descriptor, for diagnostics} */
    @Override
    public String toString() {
        return getClass().getSimpleName() + handle;
    }
}
