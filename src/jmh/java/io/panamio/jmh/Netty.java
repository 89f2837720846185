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
 * The contenders {@code nettyEpoll} and {@code nettyUring}: an event loop of Netty on that transport, which turns in
 * the benchmark's own thread, so that nobody waits for another thread. Figures of Netty hold a poll, its pipeline and
 * its buffers, as this is how Netty is used; the other contenders make the same turn, with a poll, in the same class.
 *
 * <p>Netty has its own defaults, but for two: IPv4 sockets, as the others have, and {@code sun.misc.Unsafe}, without
 * which it is slower and which it leaves alone on JDK 25 unless told. Where the kernel or a sandbox refuses io_uring,
 * the benchmarks of that transport fail, with a message, and the others run.
 */
final class Netty implements AutoCloseable {
    /** For {@code @Fork} of what is Netty's. */
    static final String IPV4 = "-Djava.net.preferIPv4Stack=true";
    /** For {@code @Fork} of what is Netty's. */
    static final String UNSAFE = "-Dio.netty.noUnsafe=false";

    /** The kinds of channels on one interface of the system, and what makes a loop work with them. */
    record Transport(IoHandlerFactory handlers,
            Class<? extends Channel> stream, Class<? extends ServerChannel> listener,
            Class<? extends Channel> unixStream, Class<? extends ServerChannel> unixListener,
            Class<? extends Channel> datagram) {
        /** The one that a benchmark's name ends with. */
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
                throw new IllegalStateException("Netty cannot use " + system + " on this machine: "
                    + unavailable.getMessage() + "; nothing to compare with this transport", unavailable);
            }
        }
    }

    final Transport transport;
    final ManualIoEventLoop loop;

    /** A loop of the thread that asks for it. */
    Netty(BenchmarkParams benchmark) {
        transport = Transport.of(benchmark);
        loop = new ManualIoEventLoop(Thread.currentThread(), transport.handlers());
    }

    /** Waits for events and handles them, once. */
    void turn() {
        loop.run(0);
    }

    /** Turns until something is done, and well. */
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
