package io.panamio.jmh;

import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Like {@link Turn}, over a Unix stream: three system calls, send, epoll_wait, recv. Netty on io_uring makes three
 * io_uring_enter.
 */
public class UnixTurn extends Operation {
    /** Panamio's side. */
    @State(Scope.Thread)
    public static class Panamio {
        private Turn.PanamioLoop loop;

        /** Connects and registers. */
        @Setup
        public void open() throws IOException {
            UnixSendRecv.Panamio unix = new UnixSendRecv.Panamio();
            unix.open();
            loop = new Turn.PanamioLoop(unix.pair[0], unix.pair[1]);
        }

        /** Closes all. */
        @TearDown
        public void close() {
            loop.close();
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        state.loop.turn();
    }

    /** NIO's side. */
    @State(Scope.Thread)
    public static class Nio {
        private Turn.NioLoop loop;

        /** Connects and registers. */
        @Setup
        public void open() throws IOException {
            UnixSendRecv.Nio unix = new UnixSendRecv.Nio();
            unix.open();
            loop = new Turn.NioLoop(unix.client, unix.server);
        }

        /** Closes all. */
        @TearDown
        public void close() throws IOException {
            loop.close();
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        state.loop.turn();
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyEpoll(NettyPair pair) {
        pair.turn();
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyUring(NettyPair pair) {
        pair.turn();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
