package io.panamio.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.util.ResourceLeakDetector;
import java.net.InetSocketAddress;

/** {@link IdlePanamio} on Netty's epoll: one event loop, and one shared handler that only counts. */
@ChannelHandler.Sharable
final class IdleNetty extends ChannelInboundHandlerAdapter {
    private IdleNetty() {
    }

    /** Starts the loop and returns the port. */
    static int start() throws InterruptedException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        Channel listener = new ServerBootstrap().group(loop, loop).channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 4096)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new IdleNetty())
            .bind(new InetSocketAddress(0)).sync().channel();
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public void channelActive(ChannelHandlerContext channel) {
        IdleServer.opened();
    }

    @Override
    public void channelInactive(ChannelHandlerContext channel) {
        IdleServer.closed();
    }
}
