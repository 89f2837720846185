package io.panamio;

/**
 * What an I/O method returns instead of a number of bytes. A result of 0 or more is a number of bytes; a failure is an
 * exception; what happens all the time is neither. The method costs nothing more for it, and a loop tests it by
 * {@code n < 0} and then by name.
 */
public final class IoResult {
    /** The end of a stream: the peer has sent all that it will. Every later read says so again. */
    public static final int EOF = -1;

    /**
     * Nothing could be done now. If the source is registered for that direction, its Poll reports when something can.
     */
    public static final int WOULD_BLOCK = -2;

    private IoResult() {
    }
}
