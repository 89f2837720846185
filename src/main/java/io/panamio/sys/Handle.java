package io.panamio.sys;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.ref.Cleaner;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A descriptor with all that must end with it: the watch of a selector and the memory of its arena. It is apart from
 * the source that users hold, so that it can outlive one that was dropped without a close: then a {@link Cleaner}
 * closes it, and says so.
 */
public final class Handle extends Guard implements Runnable {
    /** Whether to remember where each descriptor was opened: {@code -Dpanamio.leakTracking=true}. */
    private static final boolean TRACK = Boolean.getBoolean("panamio.leakTracking");

    private final int fd;
    /** The class of the source, or null if the descriptor is borrowed. */
    private final Class<?> kind;
    /** Whether others know the descriptor, and so may have duplicates of it, which outlive its close. */
    private volatile boolean shared;
    private final Throwable opened;
    private Cleaner.Cleanable cleanable;
    private volatile Selector selector;
    private StreamArena arena;
    private volatile Runnable atClose;
    private Delivery delivery;
    private boolean urgent;
    private boolean watchable;
    private boolean pipe;
    /** Those that are closed and could not be released, as there was no memory, linked. */
    private static volatile Handle unreleased;
    private Handle next;

    private Handle(int fd, Class<?> kind, boolean shared) {
        if (fd < 0) {
            throw new IllegalArgumentException("descriptor " + fd);
        }
        this.fd = fd;
        this.kind = kind;
        this.shared = shared;
        this.opened = TRACK && kind != null ? new Throwable("opened here") : null;
    }

    /**
     * A handle that closes {@code fd}, at the latest when {@code source} is unreachable. If there is no memory to make
     * it, {@code fd} stays the caller's.
     */
    public static Handle owning(Object source, int fd, boolean shared) {
        Platform.replenish();
        releaseLate();
        Handle handle = new Handle(fd, source.getClass(), shared);
        handle.cleanable = Cleaning.register(source, handle); // last: from here on it is the cleaner's
        return handle;
    }

    /** A handle that never closes {@code fd}. */
    public static Handle borrowing(int fd) {
        return new Handle(fd, null, true);
    }

    // ---- of a source

    private static Function<Object, Handle> finder;

    /** Sets what returns the handle of a source: {@code IoSource}, which keeps it from its users. */
    public static void setFinder(Function<Object, Handle> finder) {
        Handle.finder = finder;
    }

    /** Returns the handle of an {@code IoSource}: the library's own sources need more of it than users do. */
    public static Handle of(Object source) {
        return finder.apply(source);
    }

    /**
     * Marks this as one that receives urgent data, where a read stops although more is pending: whoever watches for
     * readability watches for that as well. Before the source is registered.
     */
    public void setUrgent() {
        urgent = true;
    }

    /** Returns whether urgent data may come in. */
    public boolean isUrgent() {
        return urgent;
    }

    /** Marks this as a socket or a pipe, which any selector can watch. Before the source is registered. */
    public void setWatchable() {
        watchable = true;
    }

    /** Marks this as an end of a pipe, which a platform may close otherwise than a socket. */
    public void setPipe() {
        pipe = true;
    }

    /**
     * Lets the source report its readiness by itself: no selector watches the descriptor. Before the source is
     * registered.
     */
    public void setDelivery(Delivery by) {
        delivery = by;
    }

    // ---- using

    /** The descriptor, open until the {@link #exit} that must follow. */
    public int begin() throws ClosedChannelException {
        if (!enter()) {
            throw new ClosedChannelException();
        }
        return fd;
    }

    /** The descriptor, which may be closed at any moment. From now on others know it. */
    public int fd() throws ClosedChannelException {
        share();
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return fd;
    }

    /** Says that others know the descriptor. */
    public void share() {
        if (!shared) {
            shared = true;
        }
    }

    /** Arms the directions of {@code interest} again after they were found drained. The caller is inside. */
    public void rearm(int interest) {
        Selector s = selector;
        if (delivery != null) {
            delivery.drained(interest & (Readiness.READABLE | Readiness.WRITABLE | Readiness.PRIORITY));
        } else if (s != null) {
            s.rearm(fd, interest);
        }
    }

    // ---- registering

    /** Lets {@code with} watch the descriptor. */
    public synchronized void register(Selector with, long token, int interest) throws IOException {
        begin();
        try {
            Selector s = selector;
            if (s != null && s.isOpen()) {
                throw new IllegalStateException(
                    s == with ? "already registered with this Poll" : "already registered with another Poll");
            }
            selector = with; // before: an event may come, and its operations must rearm, before register returns
            boolean done = false;
            try {
                if (delivery != null) {
                    delivery.register(with, token, interest);
                } else {
                    with.register(fd, token, watchable ? interest | Readiness.WATCHABLE : interest);
                }
                done = true;
            } finally {
                if (!done) {
                    selector = s;
                }
            }
        } finally {
            exit();
        }
    }

    /** Changes what {@code with} watches for. */
    public synchronized void reregister(Selector with, long token, int interest) throws IOException {
        begin();
        try {
            requireRegistered(with);
            if (delivery != null) {
                delivery.register(with, token, interest);
            } else {
                with.reregister(fd, token, interest);
            }
        } finally {
            exit();
        }
    }

    /** Ends the watch: also if the system refuses, as it does where it does not watch, or no longer. */
    public synchronized void deregister(Selector with) throws IOException {
        begin();
        try {
            requireRegistered(with);
            try {
                if (delivery != null) {
                    delivery.deregister();
                } else {
                    with.deregister(fd);
                }
            } catch (IOException e) {
                selector = null;
                throw e;
            }
            selector = null;
        } finally {
            exit();
        }
    }

    private void requireRegistered(Selector with) {
        Selector s = selector;
        if (s != with) {
            throw new IllegalStateException(
                s == null || !s.isOpen() ? "not registered" : "registered with another Poll");
        }
    }

    // ---- memory

    /** The arena that ends with the descriptor, made at the first call. */
    public synchronized Arena arena() {
        requireOpen();
        if (arena == null) {
            arena = new BlockArena().ofStream();
        }
        return arena;
    }

    /** Makes the arena that ends with the descriptor. */
    public synchronized Arena arena(Supplier<StreamArena> maker) {
        requireOpen();
        if (arena != null) {
            throw new IllegalStateException("there is an arena already");
        }
        arena = maker.get().ofStream();
        return arena;
    }

    private void requireOpen() {
        if (!isOpen()) {
            throw new IllegalStateException("Already closed");
        }
    }

    private synchronized void endArena() {
        if (arena != null) {
            arena.end();
            arena = null;
        }
    }

    // ---- ending

    /**
     * Has an action run right before the descriptor is closed, in the thread that closes it: the last one out of an
     * operation, or the cleaner's; not if it is given up. It must not refer to the source, which would never be
     * collected then, nor throw.
     */
    public void atClose(Runnable action) {
        atClose = action;
    }

    /** Closes: at once if no thread is inside, else with the last one out. Idempotent. */
    public void close() {
        shut();
        end();
    }

    /** Gives the descriptor up without closing it: it is watched no longer, and only the caller has it. */
    public synchronized int giveUp() throws ClosedChannelException {
        if (!shutUnused()) {
            fd();
            throw new IllegalStateException("another thread is in an operation on this descriptor");
        }
        if (selector != null) {
            unwatch(selector);
        }
        end();
        return fd;
    }

    private void end() {
        try {
            endArena();
        } catch (OutOfMemoryError e) { // of a system call
            return; // run() does it, when the source is collected
        }
        if (cleanable != null) {
            cleanable.clean(); // runs run() if nobody has, to no effect, and forgets this handle
        }
    }

    /** For the cleaner, when the source was dropped. */
    @Override
    public void run() {
        boolean dropped = shut();
        endArena();
        if (dropped) {
            System.getLogger("io.panamio").log(Level.WARNING,
                "closed descriptor " + fd + " of a " + kind.getName() + ", which was dropped without a close"
                    + (TRACK ? "" : "; -Dpanamio.leakTracking=true tells where it was opened"),
                opened);
        }
    }

    @Override
    protected void release() {
        try {
            releaseAll();
        } catch (OutOfMemoryError e) { // before a system call is made, which takes some memory until it is compiled
            synchronized (Handle.class) {
                next = unreleased;
                unreleased = this;
            }
        }
    }

    private void releaseAll() {
        Selector s = selector;
        if (s != null && (shared || delivery != null || !s.deregistersOnClose())) {
            unwatch(s); // before the close: a duplicate of the descriptor would keep the watch alive
            selector = null;
        }
        if (kind != null) {
            if (atClose != null) {
                atClose.run();
                atClose = null;
            }
            if (pipe) {
                Platform.current().pipes().close(fd);
            } else {
                Platform.current().close(fd);
            }
        }
    }

    /** Releases what there was no memory for when it was closed; what there still is none for stays. */
    static void releaseLate() {
        if (unreleased == null) {
            return;
        }
        Handle late;
        synchronized (Handle.class) {
            late = unreleased;
            unreleased = null;
        }
        while (late != null) {
            Handle h = late;
            late = h.next;
            h.release();
        }
    }

    private void unwatch(Selector s) {
        if (delivery != null) {
            delivery.deregister();
            return;
        }
        try {
            s.deregister(fd);
        } catch (IOException | ClosedSelectorException e) {
            // it is watched no longer, which is what was wanted
        }
    }

    /** The descriptor's number, for people. */
    @Override
    public String toString() {
        return isOpen() ? "[fd " + fd + "]" : "[closed]";
    }
}
