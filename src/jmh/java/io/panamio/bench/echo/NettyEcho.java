package io.panamio.bench.echo;

import io.panamio.bench.rig.Allocations;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.util.ResourceLeakDetector;

/**
 * The contenders {@code netty}: Netty's own echo example on one event loop, which also accepts, tuned as for
 * production: pooled direct buffers, no promise for each write, no leak detection.
 */
@ChannelHandler.Sharable
final class NettyEcho extends ChannelInboundHandlerAdapter {
    private NettyEcho() {
    }

    /** {@code PORT epoll|uring|nio}. */
    public static void main(String[] args) throws InterruptedException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        switch (args[1]) {
            case "epoll" -> serve(args[0], EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
            case "uring" -> serve(args[0], IoUringIoHandler.newFactory(), IoUringServerSocketChannel.class);
            default -> serve(args[0], NioIoHandler.newFactory(), NioServerSocketChannel.class);
        }
    }

    private static void serve(String port, IoHandlerFactory transport, Class<? extends ServerChannel> channel)
            throws InterruptedException {
        NettyEcho echo = new NettyEcho();
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, transport);
        Allocations.answer();
        new ServerBootstrap().group(loop, loop).channel(channel)
            .option(ChannelOption.SO_BACKLOG, 4096)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel client) {
                    client.pipeline().addLast(echo);
                }
            })
            .bind("127.0.0.1", Integer.parseInt(port)).sync().channel().closeFuture().sync();
    }

    @Override
    public void channelRead(ChannelHandlerContext client, Object message) {
        client.write(message, client.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext client) {
        client.flush();
    }

    /** Stops reading from a client that does not read its output. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext client) {
        client.channel().config().setAutoRead(client.channel().isWritable());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext client, Throwable cause) {
        client.close();
    }
}
