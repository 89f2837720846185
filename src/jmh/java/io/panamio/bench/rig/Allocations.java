package io.panamio.bench.rig;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** Reports the bytes of heap that all threads of a server have allocated, once for each line that it reads. */
public final class Allocations {
    /** The prefix of a response, which distinguishes it from other output. */
    static final String ANSWER = "allocated ";

    private Allocations() {
    }

    /** Starts responding in a thread of its own, which ends the server at the end of its input. */
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
