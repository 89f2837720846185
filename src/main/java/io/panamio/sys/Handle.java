package io.panamio.sys;

import io.panamio.Feature;
import io.panamio.jfr.Flight;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.ref.Cleaner;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A descriptor together with what ends with it: its registration with a selector and the memory of its arena. A handle
 * is separate from its source, the object that users hold, so that a {@link Cleaner} can close the descriptor of a
 * source that became unreachable without a close, and log a warning.
 */
public final class Handle extends Guard implements Runnable {
    /** Whether to record where each descriptor was opened: {@code -Dpanamio.leakTracking=true}. */
    private static final boolean TRACK = Boolean.getBoolean("panamio.leakTracking");

    private final int fd;
    /** The class of the source, or null if the descriptor is borrowed. */
    private final Class<?> kind;
    /** Whether the number was exposed, so that there may be duplicates, which keep a registration alive. */
    private volatile boolean shared;
    private final Throwable opened;
    private Cleaner.Cleanable cleanable;
    private volatile Selector selector;
    private SourceArena arena;
    private volatile Runnable atClose;
    /** Run when this is closed or detached, for the selector's user; see {@link Selector#setCloseActions}. */
    private volatile Runnable closeAction;
    private Delivery delivery;
    private boolean urgent;
    private boolean watchable;
    private PipeEnd pipe;
    private boolean file;
    /** The closed handles whose destruction failed for lack of memory, linked by {@link #next}. */
    private static volatile Handle undestroyed;
    private Handle next;

    private Handle(int fd, Class<?> kind, boolean shared) {
        if (fd < 0) {
            throw new IllegalArgumentException("descriptor " + fd + " is negative");
        }
        this.fd = fd;
        this.kind = kind;
        this.shared = shared;
        this.opened = TRACK && kind != null ? new Throwable("opened here") : null;
    }

    /**
     * Returns a handle that closes {@code fd}, at the latest when {@code source} becomes unreachable. If this throws,
     * the caller still owns {@code fd}.
     *
     * @param shared whether there may be duplicates of the descriptor
     */
    public static Handle owning(Object source, int fd, boolean shared) {
        Platform.replenish();
        destroyLate();
        Handle handle = new Handle(fd, source.getClass(), shared);
        handle.cleanable = Cleaning.register(source, handle); // last: from here on the cleaner closes it
        return handle;
    }

    /** {@return a handle that never closes {@code fd}} */
    public static Handle borrowing(int fd) {
        return new Handle(fd, null, true);
    }

    // ---- the handle of a source

    private static Function<Object, Handle> finder;

    /** Sets the function that returns the handle of an {@code IoSource}, which hides it from users. */
    public static void setFinder(Function<Object, Handle> finder) {
        Handle.finder = finder;
    }

    /** {@return the handle of an {@code IoSource}, for the library's own sources} */
    public static Handle of(Object source) {
        return finder.apply(source);
    }

    /**
     * Marks the descriptor as one that may receive urgent data, at which a read stops although more data is pending.
     * A readable interest then includes priority. Must precede registration.
     */
    public void setUrgent() {
        urgent = true;
    }

    /** {@return whether the descriptor may receive urgent data} */
    public boolean isUrgent() {
        return urgent;
    }

    /** Marks the descriptor as a socket or a pipe, which every selector can watch. Must precede registration. */
    public void setWatchable() {
        watchable = true;
    }

    /** Marks the descriptor as an end of a pipe, which closes itself and may deliver its events itself. */
    public void setPipe(PipeEnd end) {
        pipe = end;
        delivery = end.delivery();
    }

    /** Marks the descriptor as a file's. */
    public void setFile() {
        file = true;
    }

    /** Lets the source deliver its events itself, instead of a selector watching it. Must precede registration. */
    public void setDelivery(Delivery delivery) {
        this.delivery = delivery;
    }

    /**
     * {@return whether the source delivers its events itself; calls other than its own may then not work on its
     * descriptor}
     */
    public boolean deliversEvents() {
        return delivery != null;
    }

    // ---- operations

    /** Returns the descriptor, which stays open until the {@link #exit} that must follow. */
    public int begin() throws ClosedChannelException {
        if (!enter()) {
            throw new ClosedChannelException();
        }
        return fd;
    }

    /** {@return the descriptor, which another thread may close at any moment} */
    public int fd() throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return fd;
    }

    /**
     * Records that the number was exposed, so that there may be duplicates of the descriptor: the close then
     * deregisters it first.
     */
    public void share() {
        if (!shared) {
            shared = true;
        }
    }

    /** Arms the directions of {@code interest} again after an operation found them drained. The caller is inside. */
    public void rearm(int interest) {
        Selector s = selector;
        if (delivery != null) {
            delivery.rearm(interest & (Readiness.READABLE | Readiness.WRITABLE | Readiness.PRIORITY));
        } else if (s != null) {
            s.rearm(fd, interest);
        }
    }

    // ---- registration

    /** Registers the descriptor with a selector. If this throws, nothing has changed. */
    public synchronized void register(Selector with, long token, int interest) throws IOException {
        begin();
        try {
            Selector s = selector;
            if (s != null && s.isOpen()) {
                throw new IllegalStateException(
                    s == with ? "already registered with this Poll" : "already registered with another Poll");
            }
            Runnable action = closeAction;
            closeAction = with.closeAction(token);
            selector = with; // first: an event may arrive, and its operations must re-arm, before register returns
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
                    closeAction = action;
                }
            }
        } finally {
            exit();
        }
    }

    /** {@return the action of the selector's user that is run when this is closed or detached, or null} */
    public Runnable closeAction() {
        return closeAction;
    }

    /** Changes the token and the interest of the registration. */
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

    /** Ends the registration, even if the system refuses, as it does when it no longer watches the descriptor. */
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

    /** Returns the arena that is closed with the descriptor; the first call creates it. */
    public synchronized Arena arena() {
        requireOpen();
        if (arena == null) {
            arena = new BlockArena().ofSource();
        }
        return arena;
    }

    /** Creates the arena that is closed with the descriptor. */
    public synchronized Arena arena(Supplier<SourceArena> maker) {
        requireOpen();
        if (arena != null) {
            throw new IllegalStateException("this source already has an arena");
        }
        arena = maker.get().ofSource();
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

    // ---- closing

    /**
     * Sets an action to run immediately before the descriptor is closed, in the thread that closes it: the last one to
     * leave an operation, or the cleaner's. It does not run after {@link #detach}. It must neither throw nor refer to
     * the source, which would then never become unreachable.
     */
    public void atClose(Runnable action) {
        atClose = action;
    }

    /** Closes the descriptor, at once if no thread is inside, otherwise when the last one leaves. Idempotent. */
    public void close() {
        shut();
        end();
    }

    /** Deregisters the descriptor and returns it to the caller without closing it. */
    public int detach() throws ClosedChannelException {
        detachUnused();
        runCloseAction();
        return fd;
    }

    private void runCloseAction() {
        if (closeAction != null) {
            closeAction.run();
            closeAction = null;
        }
    }

    private synchronized void detachUnused() throws ClosedChannelException {
        if (pipe != null && delivery != null) {
            throw Platform.current().refusal(Feature.PIPE_DESCRIPTORS);
        }
        if (!shutUnused()) {
            if (!isOpen()) {
                throw new ClosedChannelException();
            }
            throw new IllegalStateException("another thread is in an operation on this descriptor");
        }
        if (selector != null) {
            unwatch(selector);
        }
        end();
    }

    private void end() {
        try {
            endArena();
        } catch (OutOfMemoryError e) { // from the downcall
            return; // the cleaner's run() repeats it
        }
        if (cleanable != null) {
            cleanable.clean(); // unregisters this handle; its run() has no effect after shut()
        }
    }

    /** Closes the descriptor of a source that became unreachable; called by the cleaner. */
    @Override
    public void run() {
        boolean dropped = shut();
        endArena();
        if (dropped) {
            Flight.leak(kind.getName(), fd, 0, opened);
            System.getLogger("io.panamio").log(Level.WARNING,
                "closed descriptor " + fd + " of an " + kind.getName() + ", which became unreachable without a close"
                    + (TRACK ? "" : "; -Dpanamio.leakTracking=true shows where it was opened"),
                opened);
        }
    }

    @Override
    protected void destroy() {
        try {
            destroyNow();
        } catch (OutOfMemoryError e) { // a downcall allocates until it is compiled; it was not made then
            synchronized (Handle.class) {
                next = undestroyed;
                undestroyed = this;
            }
        }
    }

    private void destroyNow() {
        runCloseAction();
        Selector s = selector;
        if (s != null && (shared || delivery != null || !s.deregistersOnClose())) {
            unwatch(s); // before the close: a duplicate of the descriptor would keep the registration alive
            selector = null;
        }
        if (kind != null) {
            if (atClose != null) {
                atClose.run();
                atClose = null;
            }
            if (pipe != null) {
                pipe.close();
            } else if (file) {
                Platform.current().transfers().closeFile(fd);
            } else {
                Platform.current().close(fd);
            }
        }
    }

    /** Destroys the handles whose destruction had failed for lack of memory. Those that fail again are kept. */
    static void destroyLate() {
        if (undestroyed == null) {
            return;
        }
        Handle late;
        synchronized (Handle.class) {
            late = undestroyed;
            undestroyed = null;
        }
        while (late != null) {
            Handle h = late;
            late = h.next;
            h.destroy();
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
            // the system no longer watches it, which was the aim
        }
    }

    /** {@return the kind of source and its descriptor, as its {@code toString} returns them} */
    public String source() {
        return (kind == null ? "" : kind.getSimpleName()) + this;
    }

    /** {@return a description of the descriptor, for messages} */
    @Override
    public String toString() {
        return isOpen() ? "[fd " + fd + "]" : "[closed]";
    }
}
