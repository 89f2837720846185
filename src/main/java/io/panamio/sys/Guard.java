package io.panamio.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts who is inside something that can be closed, in one word: the sign bit says closed, the rest is the number of
 * threads inside. Nobody enters after the close, and whoever is the last one out releases what is guarded, exactly
 * once. So a descriptor number can never be used after the system has given it to somebody else.
 *
 * <p>The scheme is Go's {@code fdMutex} and .NET's {@code SafeHandle}. No method blocks.
 */
public abstract class Guard {
    private static final VarHandle STATE;
    private static final int CLOSED = 1 << 31;

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
        int before = (int) STATE.getAndAdd(this, -1);
        assert (before & ~CLOSED) != 0 : "left without having entered";
        if (before == (CLOSED | 1)) {
            release();
        }
    }

    /** Closes; true for the one call that did. Releases now if nobody is inside. */
    public final boolean shut() {
        for (int s = state; s >= 0; s = state) {
            if (STATE.compareAndSet(this, s, s | CLOSED)) {
                if (s == 0) {
                    release();
                }
                return true;
            }
        }
        return false;
    }

    /** Closes without releasing what is guarded, if it is open and nobody is inside; else changes nothing. */
    protected final boolean shutUnused() {
        return STATE.compareAndSet(this, 0, CLOSED);
    }

    /** Whether it has not been closed. */
    public final boolean isOpen() {
        return state >= 0;
    }

    /** Releases what is guarded. Called once, after the close, when nobody is inside; must not throw. */
    protected abstract void release();
}
