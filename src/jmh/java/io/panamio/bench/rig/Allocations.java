package io.panamio.bench.rig;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** Tells the rig how many bytes of heap all threads of a server have allocated, for each line that the rig sends. */
public final class Allocations {
    /** What an answer begins with, as others print too. */
    static final String ANSWER = "allocated ";

    private Allocations() {
    }

    /** Answers from now on, in a thread of its own, and ends the server with the rig. */
    public static void answer() {
        Thread.ofPlatform().daemon().name("allocations").start(() -> {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            try {
                for (int c; (c = System.in.read()) >= 0;) {
                    if (c == '\n') {
                        System.out.println(ANSWER + threads.getTotalThreadAllocatedBytes());
                    }
                }
            } catch (IOException e) {
                System.err.println(e);
            }
            Runtime.getRuntime().halt(0);
        });
    }
}
