package io.panamio.examples;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Random;
import org.HdrHistogram.Histogram;

/**
 * A load of requests on an echo server, and what became of it. Each connection sends a message, waits until it has come
 * back whole, checks every byte, and sends the next, which is another part of the pattern.
 */
final class Load {
    /** Messages begin at as many places of the pattern. */
    private static final int PLACES = 4096;

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
        byte[] bytes = new byte[PLACES + size];
        new Random(42).nextBytes(bytes);
        pattern = Arena.ofAuto().allocate(bytes.length, 64);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, pattern, 0, bytes.length);
    }

    /** Counts from now on, when the machines are warm. */
    synchronized void record() {
        recording = true;
    }

    /** Whether requests count; for the client to ask now and then. */
    synchronized boolean isRecording() {
        return recording;
    }

    /** One connection's message on its way. */
    final class Exchange {
        private long place;
        private long sent;
        private long received;
        private long started;

        /** Begins with messages that are other ones than those of the other connections. */
        Exchange(int connection) {
            place = connection * 31L % PLACES;
        }

        void begin() {
            place = (place + 7) % PLACES;
            sent = 0;
            received = 0;
            started = System.nanoTime();
        }

        long unsentFrom() {
            return place + sent;
        }

        long unsent() {
            return size - sent;
        }

        void sent(long n) {
            sent += n;
        }

        /** Checks what came; true if the message is complete. */
        boolean received(MemorySegment bytes, long n) throws IOException {
            if (received + n > sent) {
                throw new IOException("more came back than was sent");
            }
            long from = place + received;
            if (MemorySegment.mismatch(bytes, 0, n, pattern, from, from + n) >= 0) {
                throw new IOException("what came back is not what was sent");
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
