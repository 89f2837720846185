package io.panamio.examples;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Random;
import org.HdrHistogram.Histogram;

/**
 * A load of requests on an echo server, and its results. Each connection sends a message, waits for the whole echo,
 * checks every byte, and sends the next message, another part of the pattern.
 */
final class Load {
    /** The number of offsets in the pattern at which messages begin. */
    private static final int OFFSETS = 4096;

    final InetSocketAddress address;
    final int connections;
    final int size;
    final MemorySegment pattern;
    /** Round trips in nanoseconds. */
    final Histogram latencies = new Histogram(3_600_000_000_000L, 3);
    /** Requests that were answered since the start; read by the progress display. */
    volatile long answered;
    volatile boolean stop;
    private boolean recording;

    Load(InetSocketAddress address, int connections, int size) {
        this.address = address;
        this.connections = connections;
        this.size = size;
        byte[] bytes = new byte[OFFSETS + size];
        new Random(42).nextBytes(bytes);
        pattern = Arena.ofAuto().allocate(bytes.length, 64);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, pattern, 0, bytes.length);
    }

    /** Starts recording, after the warm-up. */
    synchronized void record() {
        recording = true;
    }

    /** Returns whether requests are recorded. */
    synchronized boolean isRecording() {
        return recording;
    }

    /** The current message of one connection. */
    final class Exchange {
        private long offset;
        private long sent;
        private long received;
        private long started;

        /** Starts at an offset that depends on the connection. */
        Exchange(int connection) {
            offset = connection * 31L % OFFSETS;
        }

        void begin() {
            offset = (offset + 7) % OFFSETS;
            sent = 0;
            received = 0;
            started = System.nanoTime();
        }

        long unsentFrom() {
            return offset + sent;
        }

        long unsent() {
            return size - sent;
        }

        void sent(long n) {
            sent += n;
        }

        /** Checks received bytes, and returns whether the message is complete. */
        boolean received(MemorySegment bytes, long n) throws IOException {
            if (received + n > sent) {
                throw new IOException("more bytes were received than sent");
            }
            long from = offset + received;
            if (MemorySegment.mismatch(bytes, 0, n, pattern, from, from + n) >= 0) {
                throw new IOException("the echo differs from what was sent");
            }
            received += n;
            return received == size;
        }

        void record(boolean recording) {
            if (recording) {
                latencies.recordValue(System.nanoTime() - started);
            }
        }
    }
}
