package io.panamio.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts who is inside something that can be closed, in one word: the sign bit says closed, the rest is the number of
 * threads inside. Nobody enters after the close, and whoever is the last one out releases what is guarded, exactly
 * once; if there was not the stack or the memory for that, at the next {@link #shut}. So a descriptor number can never
 * be used after the system has given it to somebody else.
 *
 * <p>The scheme is Go's {@code fdMutex} and .NET's {@code SafeHandle}. No method blocks.
 */
public abstract class Guard {
    private static final VarHandle STATE;
    private static final int CLOSED = 1 << 31;
    /** Closed, with nobody inside, and still to be released. */
    private static final int UNRELEASED = CLOSED | 1 << 30;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Guard.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state;

    /** An open guard with nobody inside. */
    protected Guard() {
    }

    /** Enters and returns true, or returns false when closed. Who entered must {@link #exit}. */
    public final boolean enter() {
        for (int s = state; s >= 0; s = state) {
            if (STATE.compareAndSet(this, s, s + 1)) {
                return true;
            }
        }
        return false;
    }

    /** Leaves; releases what is guarded if it was closed meanwhile and this is the last one out. */
    public final void exit() {
        int before;
        try {
            before = (int) STATE.getAndAdd(this, -1);
        } catch (StackOverflowError e) { // before it was done; this takes no more of the stack than enter() did
            do {
                before = state;
            } while (!STATE.compareAndSet(this, before, before - 1));
        }
        assert (before & ~CLOSED) != 0 : "left without having entered";
        if (before == (CLOSED | 1)) {
            releaseNow();
        }
    }

    /** Closes; true for the one call that did, or that releases what could not be. Releases now if nobody is inside. */
    public final boolean shut() {
        for (int s = state; s >= 0 || s == UNRELEASED; s = state) {
            if (STATE.compareAndSet(this, s, s < 0 ? CLOSED : s | CLOSED)) {
                if (s <= 0) {
                    releaseNow();
                }
                return true;
            }
        }
        return false;
    }

    private void releaseNow() {
        boolean released = false;
        try {
            release();
            released = true;
        } finally {
            if (!released) {
                state = UNRELEASED;
            }
        }
    }

    /** Closes without releasing what is guarded, if it is open and nobody is inside; else changes nothing. */
    protected final boolean shutUnused() {
        return STATE.compareAndSet(this, 0, CLOSED);
    }

    /** Whether it has not been closed. */
    public final boolean isOpen() {
        return state >= 0;
    }

    /**
     * Releases what is guarded. Called once, after the close, when nobody is inside; again if it threw, which it may
     * for want of stack or memory alone, and then goes on where it was.
     */
    protected abstract void release();
}
