package io.panamio.bench.tls;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ResourceLeakDetector;
import io.panamio.bench.rig.Allocations;
import io.panamio.test.support.Certificates;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * The contender {@code netty-tls}: an event loop on epoll with {@link SslHandler}, tuned as for production: pooled
 * direct buffers, no promise for each write, no leak detection. The tasks of the engines run in the loop.
 */
final class NettyTls extends ChannelInboundHandlerAdapter {
    private static final Map<Character, ByteBuf> RESPONSES = new HashMap<>();

    /** The path of the request that is being received, or 0. */
    private char page;

    private NettyTls() {
    }

    /** {@code PORT}. */
    public static void main(String[] args) throws InterruptedException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        for (char page : new char[] {Content.CLOSE, Content.KIB, Content.MIB, Content.UPLOAD}) {
            byte[] bytes = Content.response(page);
            RESPONSES.put(page, Unpooled.unreleasableBuffer(Unpooled.directBuffer(bytes.length).writeBytes(bytes)));
        }
        SSLContext context = Certificates.context(Certificates.ALPHA);
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        Allocations.answer();
        new ServerBootstrap().group(loop, loop).channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 4096)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel client) {
                    SSLEngine engine = context.createSSLEngine();
                    engine.setUseClientMode(false);
                    client.pipeline().addLast(new SslHandler(engine), new NettyTls());
                }
            })
            .bind("127.0.0.1", Integer.parseInt(args[0])).sync().channel().closeFuture().sync();
    }

    @Override
    public void channelRead(ChannelHandlerContext client, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (page == 0) {
            page = (char) bytes.getByte(bytes.readerIndex() + Content.LETTER);
            page = page == '/' ? Content.UPLOAD : page;
        }
        boolean end = Content.isEnd(bytes.getByte(bytes.writerIndex() - 1));
        bytes.release();
        if (end) {
            ByteBuf response = RESPONSES.get(page).duplicate();
            if (page == Content.CLOSE) {
                client.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
            } else {
                client.writeAndFlush(response, client.voidPromise());
            }
            page = 0;
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext client, Throwable cause) {
        client.close();
    }
}
