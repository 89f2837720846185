package io.panamio.jmh;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Polls 64 connections, none of which is ready, without waiting: one system call. */
public class PollIdle extends Operation {
    private static final Consumer<SelectionKey> UNEXPECTED = key -> check(false);

    @Benchmark
    public void panamio(PanamioPoll state) throws IOException {
        check(state.poll.pollNow(state.events) == 0);
    }

    @Benchmark
    public void nio(NioPoll state) throws IOException {
        check(state.selector.selectNow(UNEXPECTED) == 0);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
