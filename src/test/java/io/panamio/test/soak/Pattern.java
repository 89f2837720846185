package io.panamio.test.soak;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** The bytes that are transferred: they depend on the seed, the number of a stream, and their position in it. */
final class Pattern {
    /** The most bytes that are compared at once. */
    static final int MAX = 1 << 16;
    private static final int LENGTH = (1 << 20) - 3; // a prime: no size of a buffer divides it

    final MemorySegment bytes;

    Pattern(long seed) {
        byte[] random = new byte[LENGTH];
        new Random(seed).nextBytes(random);
        bytes = Arena.ofShared().allocate(LENGTH + MAX);
        MemorySegment.copy(random, 0, bytes, JAVA_BYTE, 0, LENGTH);
        MemorySegment.copy(random, 0, bytes, JAVA_BYTE, LENGTH, MAX);
    }

    /** Returns where the bytes of a stream from a position on begin. */
    long offset(long stream, long position) {
        long x = stream * 0x9E3779B97F4A7C15L;
        x = (x ^ x >>> 32) * 0xBF58476D1CE4E5B9L;
        return ((x >>> 20) + position) % LENGTH;
    }

    MemorySegment at(long stream, long position, long length) {
        return bytes.asSlice(offset(stream, position), length);
    }

    /** Throws if the bytes of a stream from a position on are others. */
    void check(MemorySegment got, long stream, long position) {
        long wrong = got.mismatch(at(stream, position, got.byteSize()));
        if (wrong >= 0) {
            throw new AssertionError("a foreign byte at " + (position + wrong) + " of stream " + stream);
        }
    }
}
