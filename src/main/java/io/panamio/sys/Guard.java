package io.panamio.sys;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts the threads inside something that can be closed, in one word: the sign bit means closed, the remaining bits
 * are the number of threads inside. After the close no thread enters, and the last thread out destroys the guarded
 * resource, exactly once. If the stack or the heap was exhausted then, the next {@link #shut} tries again. So a
 * descriptor number is never used after the system has reassigned it.
 *
 * <p>The scheme is that of Go's {@code fdMutex} and .NET's {@code SafeHandle}. No method blocks.
 */
public abstract class Guard {
    private static final VarHandle STATE;
    private static final int CLOSED = 1 << 31;
    /** Closed, with no thread inside, but not destroyed because {@link #destroy} threw. */
    private static final int UNDESTROYED = CLOSED | 1 << 30;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Guard.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state;

    /** Creates an open guard with no thread inside. */
    protected Guard() {
    }

    /** Enters unless closed, and returns whether it did. After {@code true} the caller must {@link #exit}. */
    public final boolean enter() {
        for (int s = state; s >= 0; s = state) {
            if (enter(s)) {
                return true;
            }
        }
        return false;
    }

    /** Takes a frame of its own while the stack is short: so much less does {@link #exit} need. */
    private boolean enter(int s) {
        return STATE.compareAndSet(this, s, s + 1);
    }

    /** Leaves. Destroys the guarded resource if this was closed meanwhile and no other thread is inside. */
    public final void exit() {
        int before;
        try {
            before = (int) STATE.getAndAdd(this, -1);
        } catch (StackOverflowError e) { // thrown before the update; what follows needs less stack than enter()
            do {
                before = state;
            } while (!STATE.compareAndSet(this, before, before - 1));
        }
        assert (before & ~CLOSED) != 0 : "exit without enter";
        if (before == (CLOSED | 1)) {
            tryDestroy();
        }
    }

    /**
     * Closes, and destroys the guarded resource at once if no thread is inside. Returns true only to the caller that
     * closed this, or that repeated a destruction that had failed.
     */
    public final boolean shut() {
        for (int s = state; s >= 0 || s == UNDESTROYED; s = state) {
            if (STATE.compareAndSet(this, s, s < 0 ? CLOSED : s | CLOSED)) {
                if (s <= 0) {
                    tryDestroy();
                }
                return true;
            }
        }
        return false;
    }

    private void tryDestroy() {
        boolean destroyed = false;
        try {
            destroy();
            destroyed = true;
        } finally {
            if (!destroyed) {
                state = UNDESTROYED;
            }
        }
    }

    /** Closes without destroying if this is open and no thread is inside; otherwise does nothing and returns false. */
    protected final boolean shutUnused() {
        return STATE.compareAndSet(this, 0, CLOSED);
    }

    /** {@return whether this has not been closed} */
    public final boolean isOpen() {
        return state >= 0;
    }

    /**
     * Destroys the guarded resource. Called once, after the close, when no thread is inside. If it throws, which is
     * allowed only when the stack or the heap is exhausted, it is called again and must continue where it stopped.
     */
    protected abstract void destroy();
}
