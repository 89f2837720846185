package io.panamio;

import io.panamio.memory.SegmentPool;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.StreamArena;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.function.Function;

/**
 * A {@link Source} over a descriptor, which it guards and closes: mio's {@code IoSource}. The library's sources are
 * made of it, and so may be one of yours, over a descriptor that you have opened.
 *
 * <p>Every operation on the descriptor lies between {@link #begin} and {@link #end}, or in {@link #tryIo(Interest,
 * IoOperation)} which does both. Between them the descriptor stays open, whatever other threads do; so no operation
 * can ever hit a descriptor of somebody else that got the same number. An operation that would block says so with
 * {@link #drained}, which arms the source again where the system does not do so by itself.
 *
 * <p>This is for what <em>is</em> a descriptor. A type of yours that has a source within, such as a stream that
 * decrypts another, implements {@link Source} and {@link AutoCloseable} itself and passes the calls on: {@link #close}
 * cannot be overridden, as what keeps the descriptor safe ends there.
 *
 * <p>All methods are for any thread. A source that is dropped without {@link #close} is closed when it is collected,
 * and a warning is logged by {@code System.getLogger("io.panamio")}, which names its kind; {@code
 * -Dpanamio.leakTracking=true} adds where it was opened. <em>Being registered does not keep it:</em> a {@link Registry}
 * has the descriptor and the token, not the source, which needs a reference of the application's own, such as in a
 * {@link Slab}.
 */
public abstract class IoSource implements Source, AutoCloseable {
    private final Handle handle;

    /**
     * Takes over a descriptor, at once: what a subclass's constructor throws later does not give it back. If this one
     * throws, it stays the caller's. There may be duplicates of it.
     *
     * @param fd an open descriptor in non-blocking mode, that nobody else closes
     * @throws IllegalArgumentException if it is negative
     */
    protected IoSource(int fd) {
        this(fd, true);
    }

    /**
     * Takes over a descriptor, at once, see {@link #IoSource(int)}.
     *
     * @param fd an open descriptor in non-blocking mode, that nobody else closes
     * @param shared whether anybody else knows it, and so may have made duplicates of it, here or in another process.
     *     If not, {@link #close} costs a system call less, as long as neither {@link #fd} nor {@code tryIo} has told it
     * @throws IllegalArgumentException if it is negative
     */
    @SuppressWarnings("this-escape") // to a phantom reference alone
    protected IoSource(int fd, boolean shared) {
        handle = Handle.owning(this, fd, shared);
    }

    /**
     * Puts a descriptor into non-blocking mode, as every source requires. This changes the open file description, and
     * so concerns every process that shares it.
     *
     * @param fd an open descriptor
     * @throws IOException if it is not open
     */
    public static void makeNonBlocking(int fd) throws IOException {
        Platform.current().setNonBlocking(fd, true);
    }

    IoSource(Handle handle) {
        this.handle = handle;
    }

    static {
        Handle.setFinder(new Function<>() { // no lambda: the first one of a process takes 20 ms
            @Override
            public Handle apply(Object source) {
                return ((IoSource) source).handle;
            }
        });
    }

    // ---- operations

    /**
     * Begins an operation. {@link #end} must follow, in a {@code finally}. Both together cost two atomic instructions
     * and no system call.
     *
     * @return the descriptor, open until then
     * @throws ClosedChannelException if this is closed
     */
    protected final int begin() throws ClosedChannelException {
        return handle.begin();
    }

    /** Ends an operation. If this was closed meanwhile and it was the last one, closes the descriptor. */
    protected final void end() {
        handle.exit();
    }

    /**
     * Says that an operation, not yet ended, has found nothing more to do: it would have blocked, or did less than
     * asked where that means the same. With {@link Interest#PRIORITY}: that it has taken the urgent byte; with {@link
     * Interest#HANG_UP}: that it has taken the pending error.
     *
     * @param direction what the operation was waiting for; only this is armed again
     */
    protected final void drained(Interest direction) {
        handle.rearm(direction.bits());
    }

    /**
     * Runs a system call of yours on the descriptor under the same contract as the methods here: mio's {@code try_io}.
     * If it would block, the source is armed again for the given direction, and for no other; so call until it does:
     * doing less than asked proves nothing here. If it throws, it has taken the pending error, and the source is armed
     * for the next one. If the direction is {@link Interest#PRIORITY} and it neither blocks nor throws, it has taken
     * the urgent byte, and the source is armed for the next one.
     *
     * @param direction what the call waits for when it would block
     * @param operation the call
     * @return what the operation returned
     * @throws ClosedChannelException if this is closed
     * @throws IOException what the operation threw
     */
    public final long tryIo(Interest direction, IoOperation operation) throws IOException {
        Objects.requireNonNull(direction, "direction");
        int fd = begin();
        try {
            handle.share();
            long result = operation.run(fd);
            if (result == IoResult.WOULD_BLOCK) {
                drained(direction);
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
     * Like {@link #tryIo(Interest, IoOperation)} for a call that may wait for either direction: both are armed again.
     *
     * @param operation the call
     * @return what the operation returned
     * @throws ClosedChannelException if this is closed
     * @throws IOException what the operation threw
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
     * Returns whether this is open. Another thread may close it at any moment.
     *
     * @return false once {@link #close} or {@link #release} was called
     */
    public final boolean isOpen() {
        return handle.isOpen();
    }

    /**
     * Returns the descriptor, which remains this source's to close. To make system calls on it use {@link
     * #tryIo(Interest, IoOperation)}, which keeps it open. Because the caller may duplicate it, {@link #close}
     * deregisters it explicitly from now on, so that no duplicate causes events.
     *
     * <p>A native handle is an {@code int} on every system; a handle of the Windows kernel has 32 significant bits.
     *
     * @return the descriptor
     * @throws ClosedChannelException if this is closed
     */
    public final int fd() throws ClosedChannelException {
        handle.share();
        return handle.fd();
    }

    /**
     * Gives the descriptor up without closing it, and deregisters it. This is closed afterwards.
     *
     * @return the descriptor, now the caller's to close
     * @throws ClosedChannelException if this is closed
     * @throws IllegalStateException if a thread is in an operation; nothing has changed then
     */
    public final int release() throws ClosedChannelException {
        try {
            return handle.giveUp();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Memory that lives as long as this source; it costs nothing where it is not used.
     *
     * <p>The arena belongs to the thread that asks for it first: only that thread can use it and what it hands out,
     * like {@link Arena#ofConfined}. When that thread closes the source, the memory is gone at once. When another
     * thread does, it is gone as soon as the owner polls, or makes or ends another arena of a source; until then the
     * owner may still use it. Used later, a segment throws {@link IllegalStateException}. The arena's own {@code
     * close} is refused.
     *
     * @return the arena, always the same
     * @throws IllegalStateException if this is closed
     */
    public final Arena arena() {
        return handle.arena();
    }

    /**
     * Lets the {@link #arena} of this source draw its memory from a pool, to which it goes back when this is closed: at
     * once if the pool's thread does so, and as soon as that polls if another thread does.
     *
     * @param pool a pool of the current thread
     * @return the arena, which {@link #arena()} returns from now on
     * @throws IllegalStateException if this or the pool is closed, or if this has an arena already
     * @throws WrongThreadException in another thread than the pool's
     */
    public final Arena arena(SegmentPool pool) {
        return handle.arena(() -> (StreamArena) pool.arena());
    }

    /**
     * Closes the descriptor, which ends its registration. An operation in another thread goes on to its end, which it
     * reaches soon as none blocks; the descriptor is closed by the last one, and until then events may come.
     * Everything called later throws a {@link ClosedChannelException}. Errors are ignored, as nothing can be done
     * about them. Costs one system call, close(2); with epoll one more, to deregister it, if there may be duplicates of
     * the descriptor, which would keep the registration alive: that is, if it came from outside, or was told by {@link
     * #fd} or {@code tryIo}. (A child process that is just being started has duplicates of all until its execve(2): an
     * event may come then for what was closed, as with mio.) Does nothing the second time.
     *
     * <p>When no operation is going on, the descriptor is closed when this returns: its port may be bound again. With
     * poll(2), which holds on to the descriptors that it waits for, this waits until a thread that is in there has
     * left, some microseconds, and a second at most if that thread is not let run. Where the heap has no room for the
     * system call, nothing is thrown: it is made as soon as there is some, with the next poll of any {@link Poll} or
     * when the next source is made.
     *
     * <p>A socket with {@link java.net.StandardSocketOptions#SO_LINGER} is the one case in which this blocks: close(2)
     * waits for up to so many seconds until the peer has acknowledged what was written, although the socket is in
     * non-blocking mode. In an event loop set 0 seconds, which resets the connection and does not wait, or leave the
     * option alone: what was written is then sent after the close all the same.
     */
    @Override
    public final void close() {
        try {
            handle.close();
        } finally {
            Reference.reachabilityFence(this); // or the cleaner could think that this was dropped
        }
    }

    /** The kind of source and its descriptor. */
    @Override
    public String toString() {
        return getClass().getSimpleName() + handle;
    }
}
