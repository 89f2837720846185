package io.panamio.jmh;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.ReferenceCountUtil;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/** Two sockets of Netty on one loop, whose kind and transport follow from the benchmark's name. */
@State(Scope.Thread)
public class NettyPair {
    /** The message: always the same buffer. */
    private final ByteBuf bytes = Unpooled.directBuffer(Memory.BYTES).writeZero(Memory.BYTES);
    private Netty netty;
    private Channel client;
    private InetSocketAddress to;
    private int received;
    private Throwable failure;

    /** The server's handler, which discards its input. */
    @Sharable
    private final class Receiver extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf content = message instanceof DatagramPacket packet ? packet.content() : (ByteBuf) message;
            received += content.readableBytes();
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failure = cause;
        }
    }

    /** Connects, or binds. */
    @Setup
    public void open(BenchmarkParams benchmark) throws IOException {
        netty = new Netty(benchmark);
        String[] name = benchmark.getBenchmark().split("\\."); // package.Class.method
        switch (name[name.length - 2]) {
            case "Turn" -> openTcp();
            case "UnixTurn" -> openUnix();
            case "UdpTurn" -> openUdp();
            default -> throw new AssertionError("no sockets for " + benchmark.getBenchmark());
        }
    }

    private void openTcp() throws IOException {
        connect(netty.transport.listener(), netty.transport.stream(), PanamioPair.loopback(), true);
    }

    private void openUnix() throws IOException {
        Path directory = Files.createTempDirectory("panamio");
        File file = directory.resolve("socket").toFile();
        connect(netty.transport.unixListener(), netty.transport.unixStream(), new DomainSocketAddress(file), false);
        Files.delete(directory); // the listener has deleted its file
    }

    private void connect(Class<? extends ServerChannel> listener, Class<? extends Channel> stream,
            SocketAddress address, boolean tcp) {
        ServerBootstrap servers = new ServerBootstrap().group(netty.loop).channel(listener)
            .childHandler(new Receiver());
        Bootstrap clients = new Bootstrap().group(netty.loop).channel(stream).handler(new Receiver());
        if (tcp) {
            servers.childOption(ChannelOption.TCP_NODELAY, true);
            clients.option(ChannelOption.TCP_NODELAY, true);
        }
        Channel listening = netty.await(servers.bind(address));
        client = netty.await(clients.connect(listening.localAddress()));
        turn(); // accepts the server end
        netty.await(listening.close());
    }

    private void openUdp() throws IOException {
        client = bind(new Receiver());
        to = (InetSocketAddress) bind(new Receiver()).localAddress();
    }

    private Channel bind(ChannelHandler handler) throws IOException {
        return netty.await(new Bootstrap().group(netty.loop).channel(netty.transport.datagram()).handler(handler)
            .bind(PanamioPair.loopback()));
    }

    /** Closes the loop and its channels. */
    @TearDown
    public void close() {
        netty.close();
        bytes.release();
    }

    /** Sends the bytes and runs the loop until the server has received them and the client has released the buffer. */
    void turn() {
        received = 0;
        bytes.setIndex(0, Memory.BYTES).retain();
        client.writeAndFlush(to == null ? bytes : new DatagramPacket(bytes, to), client.voidPromise());
        while (received < Memory.BYTES || bytes.refCnt() > 1) {
            if (failure != null) {
                throw new AssertionError(failure);
            }
            netty.turn();
        }
        Operation.check(received == Memory.BYTES);
    }
}
