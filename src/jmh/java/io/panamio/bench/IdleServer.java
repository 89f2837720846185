package io.panamio.bench;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A server process of {@link Memory}: one thread accepts connections, registers them and, when they end, closes them.
 * Another one executes commands from the standard input, responds to each line with a line, and exits at the end of the
 * input.
 */
final class IdleServer {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    // written only by the loop's thread
    private static volatile Thread loop;
    private static volatile long opened;
    private static volatile long closed;

    private IdleServer() {
    }

    /** Called when a connection was accepted and is registered. */
    static void opened() {
        if (loop == null) {
            loop = Thread.currentThread();
        }
        opened = opened + 1;
    }

    /** Called when a connection has ended and was closed. */
    static void closed() {
        closed = closed + 1;
    }

    /** Listens, prints the port and executes commands. The argument is the name of a contender. */
    public static void main(String... args) throws IOException, InterruptedException {
        System.out.println(switch (args[0]) {
            case "panamio" -> IdlePanamio.start();
            case "nio" -> IdleNio.start();
            case "netty-epoll" -> IdleNetty.start();
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

    /** Waits until so many connections have been opened and closed, and prints what the loop's thread has used. */
    private static String await(long open, long close) throws InterruptedException {
        while (opened < open || closed < close) {
            Thread.sleep(1);
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
