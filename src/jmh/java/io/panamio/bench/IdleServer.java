package io.panamio.bench;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server process of {@link Memory}: one thread accepts connections, registers them and, when they end, closes them;
 * or each has a virtual thread, see {@link IdleVirtual}.
 * Another one executes commands from the standard input, responds to each line with a line, and exits at the end of the
 * input.
 */
final class IdleServer {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final OperatingSystemMXBean PROCESS =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private static final AtomicLong OPENED = new AtomicLong();
    private static final AtomicLong CLOSED = new AtomicLong();
    /** Null if it is a virtual thread. */
    private static volatile Thread loop;

    private IdleServer() {
    }

    /** Called when a connection was accepted and is registered. */
    static void opened() {
        if (loop == null && !Thread.currentThread().isVirtual()) {
            loop = Thread.currentThread();
        }
        OPENED.incrementAndGet();
    }

    /** Called when a connection has ended and was closed. */
    static void closed() {
        CLOSED.incrementAndGet();
    }

    /** Listens, prints the port and executes commands. The argument is the name of a contender. */
    public static void main(String... args) throws IOException, InterruptedException {
        System.out.println(switch (args[0]) {
            case "panamio" -> IdlePanamio.start();
            case "nio" -> IdleNio.start();
            case "netty-epoll" -> IdleNetty.start();
            case "virtual" -> IdleVirtual.start();
            case "virtual-jdk" -> IdleVirtual.startJdk();
            case "panamio-tls" -> IdleTls.start(false);
            case "engine" -> IdleTls.start(true);
            case "netty-tls" -> IdleTls.startNetty();
            default -> throw new IllegalArgumentException(args[0]);
        });
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        for (String order; (order = orders.readLine()) != null;) {
            String[] words = order.split(" ");
            System.out.println(switch (words[0]) {
                case "await" -> await(Long.parseLong(words[1]), Long.parseLong(words[2]));
                case "weigh" -> weigh();
                default -> throw new IllegalArgumentException(order);
            });
        }
        Runtime.getRuntime().halt(0);
    }

    /**
     * Waits until so many connections have been opened and closed, and prints what the loop's thread has used, or the
     * process if the threads are virtual.
     */
    private static String await(long open, long close) throws InterruptedException {
        while (OPENED.get() < open || CLOSED.get() < close) {
            Thread.sleep(1);
        }
        if (loop == null) {
            return PROCESS.getProcessCpuTime() + " " + THREADS.getTotalThreadAllocatedBytes();
        }
        long id = loop.threadId();
        return THREADS.getThreadCpuTime(id) + " " + THREADS.getThreadAllocatedBytes(id);
    }

    /** Prints the size of the reachable heap and the physical memory of the process, in bytes. */
    private static String weigh() throws IOException {
        System.gc(); // the second collection clears what the first one has found unreachable
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            String rss = lines.filter(line -> line.startsWith("VmRSS:")).findFirst().orElseThrow();
            return heap + " " + Long.parseLong(rss.split("\\s+")[1]) * 1024;
        }
    }
}
