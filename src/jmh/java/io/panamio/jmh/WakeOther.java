package io.panamio.jmh;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Wakes another thread, which waits in a poll, and waits in a poll until that thread wakes this one: two wakes, and two
 * thread switches, which account for most of the time and of the noise. Four system calls, a write to an eventfd and an
 * epoll_wait in each thread; NIO adds a read to each wake.
 *
 * <p>A loop of Netty is woken by submitting a task, so its figures include the queue of tasks. It omits the write while
 * the other loop is still awake, and then no thread waits: often, if the threads share a processor.
 */
public class WakeOther extends Operation {
    /** The repeated step of the answering thread. */
    private interface Answer {
        void run() throws IOException;
    }

    private static void start(Answer answer) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                for (;;) {
                    answer.run();
                }
            } catch (ClosedSelectorException e) {
                // the benchmark is over
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    /** Two Polls, and the thread that waits in one and wakes the other. */
    @State(Scope.Thread)
    public static class Panamio {
        private final Wake.Panamio here = new Wake.Panamio();
        private final Wake.Panamio there = new Wake.Panamio();

        /** Opens and starts. */
        @Setup
        public void open() throws IOException {
            here.open();
            there.open();
            start(() -> {
                there.awaitWake();
                here.wake();
            });
        }

        /** Closes, which ends the thread. */
        @TearDown
        public void close() {
            there.close();
            here.close();
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        state.there.wake();
        state.here.awaitWake();
    }

    /** Two Selectors, and the thread that waits in one and wakes the other. */
    @State(Scope.Thread)
    public static class Nio {
        private final Wake.Nio here = new Wake.Nio();
        private final Wake.Nio there = new Wake.Nio();

        /** Opens and starts. */
        @Setup
        public void open() throws IOException {
            here.open();
            there.open();
            start(() -> {
                there.awaitWake();
                here.wake();
            });
        }

        /** Closes, which ends the thread. */
        @TearDown
        public void close() throws IOException {
            there.close();
            here.close();
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        state.there.wake();
        state.here.awaitWake();
    }

    /** Two loops of Netty, and the thread that waits in one of them. */
    @State(Scope.Thread)
    public static class NettySide {
        private Netty netty;
        private EventLoop there;
        private boolean woken;
        private final Runnable answered = () -> woken = true;
        private final Runnable answer = () -> netty.loop.execute(answered);

        /** Opens and starts. */
        @Setup
        public void open(BenchmarkParams benchmark) {
            netty = new Netty(benchmark);
            there = new MultiThreadIoEventLoopGroup(1, netty.transport.handlers()).next();
        }

        /** Closes, which ends the thread. */
        @TearDown
        public void close() {
            there.parent().shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
            netty.close();
        }

        private void wake() {
            woken = false;
            there.execute(answer);
            while (!woken) {
                netty.turn();
            }
        }
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyEpoll(NettySide state) {
        state.wake();
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyUring(NettySide state) {
        state.wake();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
