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
 * Another one does what it is told on the standard input, a line for a line, and ends the process with the input.
 */
final class IdleServer {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    // written by the loop's thread alone
    private static volatile Thread loop;
    private static volatile long opened;
    private static volatile long closed;

    private IdleServer() {
    }

    /** Says that a connection was accepted and is registered. */
    static void opened() {
        if (loop == null) {
            loop = Thread.currentThread();
        }
        opened = opened + 1;
    }

    /** Says that a connection has ended and was closed. */
    static void closed() {
        closed = closed + 1;
    }

    /** Begins to listen, says the port and does what it is told. The argument is the name of a contender. */
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

    /** Waits for so many connections to have been opened and closed, and says what the loop's thread has used. */
    private static String await(long open, long close) throws InterruptedException {
        while (opened < open || closed < close) {
            Thread.sleep(1);
        }
        long id = loop.threadId();
        return THREADS.getThreadCpuTime(id) + " " + THREADS.getThreadAllocatedBytes(id);
    }

    /** The bytes of objects that are reachable, and those of the process in physical memory. */
    private static String weigh() throws IOException {
        System.gc(); // the first may find what the second can clear
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            String rss = lines.filter(line -> line.startsWith("VmRSS:")).findFirst().orElseThrow();
            return heap + " " + Long.parseLong(rss.split("\\s+")[1]) * 1024;
        }
    }
}
