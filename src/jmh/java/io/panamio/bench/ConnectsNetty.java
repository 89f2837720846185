package io.panamio.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import java.util.concurrent.CompletableFuture;

/** A client of {@link Connects} on Netty, with its default resolver. */
final class ConnectsNetty extends ChannelInboundHandlerAdapter implements Connects.Client {
    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Bootstrap bootstrap = new Bootstrap().group(loop).channel(EpollSocketChannel.class)
        .option(ChannelOption.SO_LINGER, 0).handler(this);
    private final int running;
    // used by the loop's thread
    private CompletableFuture<Long> result;
    private long end;
    private long count;
    private int left;

    ConnectsNetty(int running) {
        this.running = running;
    }

    @Override
    public boolean isSharable() {
        return true;
    }

    @Override
    public long run(int port, long until) throws Exception {
        CompletableFuture<Long> its = new CompletableFuture<>();
        loop.execute(() -> {
            result = its;
            end = until;
            count = 0;
            left = running;
            for (int i = 0; i < running; i++) {
                start(port);
            }
        });
        return its.get();
    }

    private void start(int port) {
        bootstrap.connect(Connects.HOST, port).addListener((ChannelFuture connected) -> {
            if (!connected.isSuccess()) {
                result.completeExceptionally(connected.cause());
                return;
            }
            connected.channel().close();
            count++;
            if (System.nanoTime() < end) {
                start(port);
            } else if (--left == 0) {
                result.complete(count);
            }
        });
    }

    @Override
    public void close() {
        loop.shutdownGracefully();
    }
}
