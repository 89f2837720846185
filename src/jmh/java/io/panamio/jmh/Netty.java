package io.panamio.jmh;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The contenders {@code nettyEpoll} and {@code nettyUring}: an event loop of Netty on that transport, run in the
 * benchmark's own thread, so that no thread waits for another one. Netty's figures include a poll, its pipeline and its
 * buffers, as this is how Netty is used; the other contenders also include a poll in the same class.
 *
 * <p>Netty runs with its defaults, except for two: IPv4 sockets, as the others use, and {@code sun.misc.Unsafe},
 * without which it is slower and which it does not use on JDK 25 by default. Where the kernel or a sandbox does not
 * permit io_uring, the benchmarks of that transport fail with a message, and the others run.
 */
final class Netty implements AutoCloseable {
    /** For {@code @Fork} of Netty's benchmarks. */
    static final String IPV4 = "-Djava.net.preferIPv4Stack=true";
    /** For {@code @Fork} of Netty's benchmarks. */
    static final String UNSAFE = "-Dio.netty.noUnsafe=false";

    /** A transport: its kinds of channels, and the factory of its event loop. */
    record Transport(IoHandlerFactory handlers,
            Class<? extends Channel> stream, Class<? extends ServerChannel> listener,
            Class<? extends Channel> unixStream, Class<? extends ServerChannel> unixListener,
            Class<? extends Channel> datagram) {
        /** Returns the transport that a benchmark's name ends with. */
        static Transport of(BenchmarkParams benchmark) {
            return benchmark.getBenchmark().endsWith("Uring") ? uring() : epoll();
        }

        private static Transport epoll() {
            require("epoll", Epoll.unavailabilityCause());
            return new Transport(EpollIoHandler.newFactory(), EpollSocketChannel.class, EpollServerSocketChannel.class,
                EpollDomainSocketChannel.class, EpollServerDomainSocketChannel.class, EpollDatagramChannel.class);
        }

        private static Transport uring() {
            require("io_uring", IoUring.unavailabilityCause());
            return new Transport(IoUringIoHandler.newFactory(), IoUringSocketChannel.class,
                IoUringServerSocketChannel.class, IoUringDomainSocketChannel.class,
                IoUringServerDomainSocketChannel.class, IoUringDatagramChannel.class);
        }

        private static void require(String system, Throwable unavailable) {
            if (unavailable != null) {
                throw new IllegalStateException("Netty cannot use " + system + " on this system: "
                    + unavailable.getMessage() + "; nothing to compare with this transport", unavailable);
            }
        }
    }

    final Transport transport;
    final ManualIoEventLoop loop;

    /** Opens an event loop for the current thread. */
    Netty(BenchmarkParams benchmark) {
        transport = Transport.of(benchmark);
        loop = new ManualIoEventLoop(Thread.currentThread(), transport.handlers());
    }

    /** Waits for events and handles them, once. */
    void turn() {
        loop.run(0);
    }

    /** Runs the loop until a future has completed successfully. */
    Channel await(ChannelFuture future) {
        while (!future.isDone()) {
            turn();
        }
        return future.syncUninterruptibly().channel();
    }

    /** Closes the loop and its channels. */
    @Override
    public void close() {
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        while (!loop.isTerminated()) {
            loop.runNow();
        }
    }
}
