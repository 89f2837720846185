package io.panamio.test.hosts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Qemu;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A host: a thread in a network namespace of its own, in which sockets are opened and programs started. The namespace
 * ends with the thread and the sockets, whatever becomes of the test.
 */
final class Host implements AutoCloseable {
    /** A task that returns nothing. */
    interface Task {
        void run() throws Exception;
    }

    final InetAddress v4;
    final InetAddress v6;
    final Tun tun;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    private final Thread thread;

    /** Creates the host with this number in 10.9.0.0/24 and fd00:9::/64; the others are reached through its TUN. */
    Host(int number) throws IOException {
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
        assumeTrue(Files.exists(Path.of("/proc/self/ns/net")), "no network namespaces");
        Qemu.lacks("network namespaces");
        String ip = MissingPrograms.require("ip").toString();
        v4 = InetAddress.getByName("10.9.0." + number);
        v6 = InetAddress.getByName("fd00:9::" + number);
        thread = call(Thread::currentThread);
        if (!call(NativeCalls::newNetwork)) {
            executor.shutdown();
            abort("no privilege to create network namespaces");
        }
        if (!Files.isWritable(Path.of("/dev/net/tun"))) {
            executor.shutdown();
            abort("no /dev/net/tun");
        }
        tun = call(() -> {
            Tun opened = new Tun("wire");
            Process setup = new ProcessBuilder(ip, "-batch", "-").inheritIO()
                .redirectInput(ProcessBuilder.Redirect.PIPE).start();
            try (var commands = setup.outputWriter()) {
                commands.write("""
                    link set lo up
                    addr add %s/24 dev wire
                    link set wire up
                    addr add %s/64 dev wire nodad
                    """.formatted(v4.getHostAddress(), v6.getHostAddress()));
            }
            assertEquals(0, setup.waitFor());
            String local = HexFormat.of().formatHex(v6.getAddress()) + " 80 "; // 128 bits
            // Linux adds this route some time after the address, and drops packets until then.
            Loop.until("reachable", () -> Files.readString(Path.of("/proc/thread-self/net/ipv6_route")).contains(local));
            return opened;
        });
    }

    InetAddress address(boolean six) {
        return six ? v6 : v4;
    }

    /** Runs a task on this host. */
    <T> T call(Callable<T> task) throws IOException {
        try {
            return Thread.currentThread() == thread ? task.call() : Background.result(executor.submit(task));
        } catch (Exception e) {
            Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
            switch (cause) {
                case IOException io -> throw io;
                case RuntimeException runtime -> throw runtime;
                case Error error -> throw error;
                default -> throw new AssertionError(cause);
            }
        }
    }

    void run(Task task) throws IOException {
        call(() -> {
            task.run();
            return null;
        });
    }

    /** Sets an option of this host's network, such as {@code ipv4/tcp_syn_retries}. */
    void set(String option, Object value) throws IOException {
        run(() -> Files.writeString(Path.of("/proc/sys/net", option), value.toString()));
    }

    @Override
    public void close() {
        tun.close();
        executor.shutdown();
    }
}
