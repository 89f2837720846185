package io.panamio.bench;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures which size of buffer to read into: one thread writes as fast as it can, another one reads and discards, with
 * buffers of several sizes in turn. Smaller buffers need more system calls; less of a larger one is in the processor's
 * cache when the kernel copies.
 */
@Command(name = "buffers", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measures the cost of receiving a stream with buffers of several sizes.")
final class BufferSizes implements Callable<Integer> {
    private static final long KIB = 1024;
    private static final long[] SIZES = {4, 8, 16, 24, 32, 48, 64, 128, 256};
    private static final long LARGEST = 256 * KIB;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    @Option(names = "--rounds", defaultValue = "9", description = "The number of rounds (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--millis", defaultValue = "300", description = "The duration of a measurement (default: "
        + "${DEFAULT-VALUE}).")
    private int millis;

    @Option(names = "--results", defaultValue = "target/bench/buffers.json", paramLabel = "FILE",
        description = "The file to write the results to (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Override
    public Integer call() throws IOException {
        double[][] cpu = new double[SIZES.length][rounds];
        double[][] speed = new double[SIZES.length][rounds];
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                TcpStream client = TcpStream.connect(listener.localAddress());
                TcpStream server = accept(listener);
                Poll poll = Poll.open()) {
            poll.registry().register(server, 1, Interest.READABLE);
            Thread.ofPlatform().daemon().name("writer").start(() -> write(client));
            MemorySegment buffer = Arena.ofAuto().allocate(LARGEST, 4096);
            for (int round = -2; round < rounds; round++) { // two to warm up
                for (int i = 0; i < SIZES.length; i++) {
                    long start = System.nanoTime();
                    long ran = THREADS.getCurrentThreadCpuTime();
                    long bytes = receive(poll, server, buffer, SIZES[i] * KIB, start + millis * 1_000_000L);
                    if (round >= 0) {
                        cpu[i][round] = (THREADS.getCurrentThreadCpuTime() - ran) / ((double) bytes / KIB);
                        speed[i][round] = (double) bytes / (System.nanoTime() - start);
                    }
                }
            }
        }
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < SIZES.length; i++) {
            String size = SIZES[i] + " KiB";
            results.add(new Result("buffers", "receiving a stream", size, "processor time", "ns/KiB", cpu[i]));
            results.add(new Result("buffers", "receiving a stream", size, "throughput", "GB/s", speed[i]));
            System.out.printf("%-8s %s ns/KiB, %s GB/s%n", size, Spread.of(cpu[i]), Spread.of(speed[i]));
        }
        Results.here(results).write(file);
        return 0;
    }

    private static TcpStream accept(TcpListener listener) throws IOException {
        TcpStream stream;
        do {
            stream = listener.accept();
        } while (stream == null);
        return stream;
    }

    /** Writes until the stream is closed. */
    private static void write(TcpStream stream) {
        try (Poll poll = Poll.open()) {
            poll.registry().register(stream, 1, Interest.WRITABLE);
            Events events = Events.withCapacity(1);
            MemorySegment buffer = Arena.ofAuto().allocate(LARGEST, 4096);
            for (;;) {
                while (stream.write(buffer) == LARGEST) {
                    Thread.onSpinWait();
                }
                poll.poll(events);
            }
        } catch (IOException e) {
            // the reader has finished
        }
    }

    private static long receive(Poll poll, TcpStream stream, MemorySegment buffer, long size, long deadline)
            throws IOException {
        Events events = Events.withCapacity(1);
        long bytes = 0;
        while (System.nanoTime() < deadline) {
            poll.poll(events);
            long n;
            while ((n = stream.read(buffer, 0, size)) == size) {
                bytes += n;
            }
            bytes += Math.max(n, 0);
        }
        return bytes;
    }
}
