package io.panamio.sys.bsd;

import io.panamio.Feature;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Watches by kqueue(2), edge-triggered: one filter for each direction, so that a source may have two events in one
 * result. A notification is the trigger of an EVFILT_USER.
 *
 * <p>A registration is changed by deleting its filters and adding the new ones in one call: the mode of a filter stays
 * what it was when it was added. Each change has a receipt, and all receipts are checked.
 *
 * <p>What kqueue(2) lacks is emulated: a one-shot interest ends with the first of its filters that has an
 * event; for hang-ups or urgent data alone, a filter has a low-water mark that only a full buffer reaches, and what is
 * reported of other data is dropped; the write end of a pipe whose reader is gone, for which the filter is
 * refused, is reported by an EVFILT_USER of its own.
 */
final class KqueueSelector extends Selector {
    /** The {@code ident} of notifications; descriptors are not negative. */
    private static final long WAKER = -1;
    private static final int MAX_CHANGES = 8;

    // the filters of a registration
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXCEPT = 4;
    /** Reports a pipe without a reader. */
    private static final int BROKEN = 8;

    private static final int FILTERS = 4;

    /** The low-water mark of a filter that is not for data: no buffer is as large. */
    private static final int FULL = Integer.MAX_VALUE;

    /** What is watched of one descriptor. */
    private static final class Registration {
        final long token;
        final int interest;
        /** The filters that the kernel has. */
        int filters;
        /** Whether a one-shot interest has had its event. */
        boolean over;

        Registration(long token, int interest) {
            this.token = token;
            this.interest = interest;
        }

        boolean isOneShot() {
            return (interest & Readiness.ONE_SHOT) != 0;
        }

        boolean isPriority() {
            return (interest & Readiness.PRIORITY) != 0;
        }

        /** Returns the flags that add a filter in the mode of the interest. */
        int mode() {
            return Bsd.EV_ADD | (isOneShot() ? Bsd.EV_DISPATCH
                : (interest & Readiness.LEVEL) != 0 ? 0 : Bsd.EV_CLEAR);
        }

        /** Returns the filters for the interest. */
        int wanted() {
            boolean reads = (interest & Readiness.READABLE) != 0;
            return (reads || hangUpOnly() ? READ : 0) | ((interest & Readiness.WRITABLE) != 0 ? WRITE : 0)
                | (isPriority() && !reads ? EXCEPT : 0);
        }

        /** Returns whether neither direction is requested: errors and hang-ups are always reported. */
        boolean hangUpOnly() {
            return (interest & (Readiness.READABLE | Readiness.WRITABLE)) == 0;
        }
    }

    private final BsdConstants c;
    private final Errors errors;
    private final IntPredicate refused;
    private final int kqueue;
    private final MemorySegment trigger;

    private final Object lock = new Object();
    private Registration[] byFd = new Registration[64];
    private final MemorySegment changes;
    private final ByteBuffer changeBytes;
    private int count; // of the changes; what an exhausted stack left is dropped by the next operation
    /** Whether some registrations need more than what kqueue(2) does. */
    private volatile boolean extras;
    /** Whether some registrations have an EVFILT_USER, which outlives a closed descriptor. */
    private volatile boolean outliving;

    private KqueueSelector(BsdConstants constants, IntPredicate refused) throws IOException {
        c = constants;
        errors = new Errors(constants);
        this.refused = refused;
        changes = Arena.ofAuto().allocate((long) MAX_CHANGES * c.KEVENT_SIZE(), 64);
        changeBytes = NativeScratch.bytes(changes);
        trigger = Arena.ofAuto().allocate(c.KEVENT_SIZE(), 64);
        put(NativeScratch.bytes(trigger), 0, WAKER, c.EVFILT_USER(), 0, Bsd.NOTE_TRIGGER, 0, 0);
        kqueue = check("kqueue", Kqueue.kqueue());
        try {
            check("fcntl", Libc.setCloseOnExec(kqueue));
            change(WAKER, c.EVFILT_USER(), Bsd.EV_ADD | Bsd.EV_CLEAR, 0, 0, 0);
            check("kevent", apply(0));
        } catch (Throwable t) {
            Libc.close(kqueue);
            throw t;
        }
    }

    /**
     * Opens a selector. The return type is the superclass, so that the verifier does not load this class for the
     * caller.
     *
     * @param refused whether a descriptor is always ready, as a file's
     */
    static Selector open(BsdConstants constants, IntPredicate refused) throws IOException {
        return new KqueueSelector(constants, refused);
    }

    /** Returns whether kqueue(2) cannot watch an open descriptor; false without a free descriptor to try that. */
    static boolean refuses(BsdConstants constants, int fd) {
        KqueueSelector selector;
        try {
            selector = new KqueueSelector(constants, any -> false);
        } catch (IOException e) {
            return false;
        }
        try {
            selector.add(fd, 0, Readiness.READABLE | Readiness.WRITABLE);
            return false;
        } catch (IOException e) {
            return true;
        } finally {
            selector.destroy();
        }
    }

    private int check(String call, int r) throws IOException {
        if (r < 0) {
            throw errors.io(call, -r);
        }
        return r;
    }

    @Override
    protected int fd() {
        return kqueue;
    }

    // ---- changes: the caller holds the lock

    private void put(ByteBuffer to, int at, long ident, int filter, int flags, int fflags, long data, long udata) {
        for (int i = 0; i < c.KEVENT_SIZE(); i += Long.BYTES) {
            to.putLong(at + i, 0);
        }
        to.putLong(at + c.KEVENT_IDENT(), ident);
        to.putShort(at + c.KEVENT_FILTER(), (short) filter);
        to.putShort(at + c.KEVENT_FLAGS(), (short) flags);
        to.putInt(at + c.KEVENT_FFLAGS(), fflags);
        to.putLong(at + c.KEVENT_DATA(), data);
        to.putLong(at + c.KEVENT_UDATA(), udata);
    }

    private void change(long ident, int filter, int flags, int fflags, long data, long udata) {
        put(changeBytes, count++ * c.KEVENT_SIZE(), ident, filter, flags | Bsd.EV_RECEIPT, fflags, data, udata);
    }

    private int filter(int bit) {
        return switch (bit) {
            case READ -> Bsd.EVFILT_READ;
            case WRITE -> Bsd.EVFILT_WRITE;
            case EXCEPT -> c.EVFILT_EXCEPT();
            default -> c.EVFILT_USER();
        };
    }

    /**
     * Adds changes of filters of a registration to the list, in the order of their bits. Whatever the flags are, a
     * change replaces the notes and the mark of a filter, so they are always those of the registration.
     */
    private void changeAll(int fd, Registration r, int filters, int flags) {
        for (int i = 0; i < FILTERS; i++) {
            if ((filters & 1 << i) != 0) {
                boolean onlyFull = 1 << i == EXCEPT || 1 << i == READ && r.hangUpOnly();
                boolean urgent = 1 << i == EXCEPT || 1 << i == READ && r.isPriority() && !onlyFull;
                int notes = (urgent ? c.NOTE_OOB() : 0) | (onlyFull ? Bsd.NOTE_LOWAT : 0);
                change(fd, filter(1 << i), flags, notes, onlyFull ? FULL : 0, r.token);
            }
        }
    }

    /** Adds changes to the list that add the filters of a registration; returns them. */
    private int addAll(int fd, Registration r) {
        int filters = r.wanted();
        if (r.hangUpOnly()) { // by edges until there is one, as macOS lowers the mark
            changeAll(fd, r, READ, Bsd.EV_ADD | Bsd.EV_CLEAR);
            changeAll(fd, r, filters & ~READ, r.mode());
        } else {
            changeAll(fd, r, filters, r.mode());
        }
        return filters;
    }

    /**
     * Applies the list; returns 0 or the first negated errno from a change on. A call that was interrupted applied it.
     */
    private int apply(int first) {
        int n = count;
        count = 0;
        int r = n == 0 ? 0 : Kqueue.change(kqueue, changes, n);
        if (r < 0) {
            return r == -c.number(Errno.EINTR) ? 0 : r;
        }
        for (int i = first; i < n; i++) {
            if (receipt(i) != 0) {
                return -receipt(i);
            }
        }
        return 0;
    }

    /** Returns the errno of a receipt, or 0. */
    private int receipt(int i) {
        int at = i * c.KEVENT_SIZE();
        return (changeBytes.getShort(at + c.KEVENT_FLAGS()) & Bsd.EV_ERROR) == 0 ? 0
            : (int) changeBytes.getLong(at + c.KEVENT_DATA());
    }

    // ---- watching

    @Override
    protected void add(int fd, long token, int interest) throws IOException {
        requireSupported(fd, interest);
        synchronized (lock) {
            count = 0;
            if (fd >= byFd.length) {
                byFd = Arrays.copyOf(byFd, Math.max(fd + 1, byFd.length * 2));
            }
            Registration before = byFd[fd];
            if (before != null && before.filters != 0 && isWatched(fd, before)) {
                throw errors.io("kevent", c.number(Errno.EEXIST));
            }
            byFd[fd] = null; // that of a descriptor that was closed
            byFd[fd] = install(fd, new Registration(token, interest), 0, null);
        }
    }

    private void requireSupported(int fd, int interest) throws IOException {
        if ((interest & Readiness.EXCLUSIVE) != 0) {
            throw Platform.current().refusal(Feature.EXCLUSIVE,
                "kqueue(2) reports an event to every poll that watches the descriptor");
        }
        if ((interest & (Readiness.PRIORITY | Readiness.READABLE)) == Readiness.PRIORITY && c.EVFILT_EXCEPT() == 0) {
            throw Platform.current().refusal(Feature.PRIORITY);
        }
        if ((interest & Readiness.WATCHABLE) == 0 && refused.test(fd)) {
            throw errors.io("kevent", c.number(Errno.EPERM));
        }
    }

    /** Returns whether the kernel has a filter of a registration: closing the descriptor has removed them otherwise. */
    private boolean isWatched(int fd, Registration r) {
        int result;
        do {
            count = 0;
            changeAll(fd, r, Integer.lowestOneBit(r.filters), 0);
            result = Kqueue.change(kqueue, changes, count);
        } while (result == -c.number(Errno.EINTR)); // without a receipt
        count = 0;
        return result >= 0 && receipt(0) == 0;
    }

    @Override
    protected void modify(int fd, long token, int interest) throws IOException {
        requireSupported(fd, interest | Readiness.WATCHABLE);
        synchronized (lock) {
            count = 0;
            Registration before = requireWatched(fd);
            byFd[fd] = install(fd, new Registration(token, interest), before.filters, before);
        }
    }

    private Registration requireWatched(int fd) throws IOException {
        Registration r = fd < byFd.length ? byFd[fd] : null;
        if (r == null) {
            throw errors.io("kevent", c.number(Errno.ENOENT));
        }
        return r;
    }

    /** Deletes the filters of a registration and adds those of another one; if that fails, the former is as it was. */
    private Registration install(int fd, Registration r, int deleted, Registration before) throws IOException {
        if (r.isOneShot() || r.hangUpOnly()) {
            extras = true; // before the first event
        }
        changeAll(fd, r, deleted, Bsd.EV_DELETE);
        int deletions = count;
        r.filters = addAll(fd, r);
        int additions = count - deletions;
        int failed = apply(count);
        boolean closed = failed == 0 && deletions > 0 && !wasAny(deletions) && !isBroken(deletions, additions);
        if (closed && before.filters == WRITE && isBroken(fd, before)) {
            return install(fd, r, r.filters, before);
        }
        if (closed) { // by its owner
            byFd[fd] = null;
            failed = -c.number(Errno.ENOENT);
        }
        for (int i = 0, bits = r.filters; failed == 0 && i < additions; i++, bits &= bits - 1) {
            int errno = receipt(deletions + i);
            int filter = Integer.lowestOneBit(bits);
            if (errno == 0) {
                continue;
            }
            if (filter == WRITE && c.errno(errno) == Errno.EPIPE) {
                r.filters = r.filters & ~WRITE | BROKEN;
            } else if (filter == EXCEPT) {
                r.filters &= ~EXCEPT; // what has no urgent data
            } else {
                failed = -errno;
            }
        }
        if (failed == 0 && (r.filters & BROKEN) != 0) {
            failed = reportBroken(fd, r);
        }
        if (failed < 0) {
            changeAll(fd, r, r.filters, Bsd.EV_DELETE);
            apply(count);
            if (before != null && !closed) {
                before.filters = addAll(fd, before);
                apply(count);
            }
            throw errors.io("kevent", -failed);
        }
        return r;
    }

    private boolean wasAny(int deletions) {
        for (int i = 0; i < deletions; i++) {
            if (receipt(i) == 0) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether the kernel removed the filter of the write end of a pipe: FreeBSD, when its reader has gone. */
    private boolean isBroken(int fd, Registration r) {
        changeAll(fd, r, WRITE, Bsd.EV_ADD);
        int failed = apply(0);
        if (failed == 0) {
            changeAll(fd, r, WRITE, Bsd.EV_DELETE);
            apply(count);
        }
        return failed != 0 && c.errno(-failed) == Errno.EPIPE;
    }

    /** Returns whether an addition was that of the write end of a pipe without a reader, whose filter is removed. */
    private boolean isBroken(int first, int additions) {
        for (int i = first; i < first + additions; i++) {
            if (receipt(i) != 0 && c.errno(receipt(i)) == Errno.EPIPE) {
                return true;
            }
        }
        return false;
    }

    /** Reports the write end of a pipe without a reader. A trigger in the change that adds it is ignored on FreeBSD. */
    private int reportBroken(int fd, Registration r) {
        outliving = true;
        change(fd, c.EVFILT_USER(), r.mode(), 0, 0, r.token);
        change(fd, c.EVFILT_USER(), 0, Bsd.NOTE_TRIGGER, 0, r.token);
        return apply(0);
    }

    @Override
    protected void remove(int fd) throws IOException {
        synchronized (lock) {
            count = 0;
            Registration r = requireWatched(fd);
            changeAll(fd, r, r.filters, Bsd.EV_DELETE);
            int failed = apply(count); // the receipts report whether the descriptor was closed before
            byFd[fd] = null;
            check("kevent", failed);
        }
    }

    @Override
    public boolean deregistersOnClose() {
        return !outliving;
    }

    @Override
    public void rearm(int fd, int interest) {
        // kqueue reports the next edge without that
    }

    // ---- waiting

    @Override
    protected int await(EventBuffer buffer, int max, long nanos) throws IOException {
        KqueueEvents events = (KqueueEvents) buffer;
        int n = Kqueue.wait(kqueue, events.memory, max, nanos);
        if (n > 0) {
            return extras || isNotified() ? sift(events, n) : n;
        }
        if (n == 0) {
            return 0;
        }
        if (n == -c.number(Errno.EINTR)) {
            return -1;
        }
        throw errors.io("kevent", -n);
    }

    /** Removes the notification and what is not to be reported from events; returns the number of those left. */
    private int sift(KqueueEvents events, int n) {
        int left = 0;
        synchronized (lock) {
            count = 0;
            for (int i = 0; i < n; i++) {
                if (events.filter(i) == c.EVFILT_USER() && events.ident(i) == WAKER) {
                    notificationArrived();
                } else if (!extras || report(events, i, left)) {
                    events.move(i, left++);
                }
            }
        }
        return left;
    }

    /** Returns whether an event is to be reported, after {@code before} others. */
    private boolean report(KqueueEvents events, int i, int before) {
        int fd = (int) events.ident(i);
        long token = events.token(i);
        Registration r = byFd[fd];
        if ((events.flags(i) & Bsd.EV_ONESHOT) != 0 && r != null) {
            r.filters &= ~WRITE; // the kernel removed that of a pipe whose reader is gone
        }
        if (r == null || r.token != token) {
            return true; // of a registration that has just ended
        }
        if (events.filter(i) == c.EVFILT_EXCEPT() && (events.flags(i) & Bsd.EV_EOF) == 0 && !events.isUrgent(i)) {
            return false;
        }
        if (r.hangUpOnly() && events.filter(i) == Bsd.EVFILT_READ) {
            if ((events.flags(i) & Bsd.EV_EOF) == 0) {
                return false;
            }
            if ((r.interest & Readiness.LEVEL) != 0 && (events.flags(i) & Bsd.EV_CLEAR) != 0) {
                makeLevelTriggered(fd, r);
            }
            events.set(i, token, events.readiness(i) & ~Readiness.READABLE);
        }
        if (!r.isOneShot()) {
            return true;
        }
        if (r.over) {
            merge(events, i, before, token);
            return false;
        }
        r.over = true;
        if (r.hangUpOnly() || Integer.bitCount(r.filters) > 1) {
            disable(fd, r);
        }
        return true;
    }

    /**
     * Disables the filters of a registration, if there is enough stack: the events that the kernel has already given
     * must not be lost. A filter that stays enabled reports once more, which is dropped.
     */
    private void disable(int fd, Registration r) {
        try {
            changeAll(fd, r, r.filters, Bsd.EV_DISABLE);
            apply(count);
        } catch (StackOverflowError e) {
            count = 0;
        }
    }

    /** Makes the filter of a hang-up level-triggered, likewise if there is enough stack. */
    private void makeLevelTriggered(int fd, Registration r) {
        try {
            changeAll(fd, r, READ, Bsd.EV_DELETE);
            changeAll(fd, r, READ, Bsd.EV_ADD);
            if (apply(1) != 0) { // without memory for it: edge-triggered again, until its next event
                changeAll(fd, r, READ, Bsd.EV_ADD | Bsd.EV_CLEAR);
                apply(count);
            }
        } catch (StackOverflowError e) {
            count = 0; // it stays edge-triggered until its next event
        }
    }

    /** Adds the second event of a one-shot interest to the first, if that is in the same result. */
    private static void merge(KqueueEvents events, int i, int before, long token) {
        for (int k = 0; k < before; k++) {
            if (events.ident(k) == events.ident(i)) {
                events.set(k, token, events.readiness(k) | events.readiness(i));
                return;
            }
        }
    }

    // ---- waking

    @Override
    protected void sendNotification() {
        int r = Kqueue.trigger(kqueue, trigger);
        if (r < 0 && r != -c.number(Errno.EINTR)) { // after EINTR it was applied
            notificationFailed();
        }
    }

    @Override
    protected void destroy() {
        Libc.close(kqueue);
    }
}
