package io.panamio.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
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
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ResourceLeakDetector;
import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Certificates;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * {@link IdlePanamio} and {@link IdleNetty} with TLS. The contender {@code engine} shows the least: after the handshake
 * it keeps only the TCP connection and the engine.
 */
final class IdleTls {
    private static final long LISTENER = -1;

    private record Connection(DuplexStream stream, SSLEngine engine) {
    }

    private final boolean engineOnly;
    private final SSLContext context = context();
    private final Poll poll = Poll.open();
    private final Events events = Events.withCapacity(1024);
    private final TcpListener listener = TcpListener.bind(new InetSocketAddress(0));
    /** A TlsStream in its handshake or after it, or a connection whose handshake is complete. */
    private final Slab<Object> streams = new Slab<>();
    private SegmentPool pool;
    private final byte[] buffer = new byte[1024];

    private IdleTls(boolean engineOnly) throws IOException {
        this.engineOnly = engineOnly;
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    /** The context of all contenders, which caches no sessions. */
    private static SSLContext context() {
        SSLContext context = Certificates.context(Certificates.ALPHA);
        context.getServerSessionContext().setSessionCacheSize(1);
        return context;
    }

    /** Starts the loop and returns the port. */
    static int start(boolean engineOnly) throws IOException {
        IdleTls server = new IdleTls(engineOnly);
        Thread.ofPlatform().daemon().start(server::run);
        return server.listener.localAddress().getPort();
    }

    private void run() {
        pool = SegmentPool.open();
        try {
            for (;;) {
                int n = poll.poll(events);
                for (int i = 0; i < n; i++) {
                    long token = events.token(i);
                    if (token == LISTENER) {
                        accept();
                    } else if (streams.get(token) != null) { // otherwise a token of its handshake
                        serve(token, streams.get(token));
                    }
                }
            }
        } catch (IOException e) {
            System.err.println(e);
            Runtime.getRuntime().halt(1);
        }
    }

    private void accept() throws IOException {
        for (TcpStream stream; (stream = listener.accept()) != null;) {
            stream.setNoDelay(true);
            SSLEngine engine = context.createSSLEngine();
            TlsStream tls = TlsStream.server(stream, engine, pool);
            poll.registry().register(tls, streams.insert(new Handshake(stream, tls)), Interest.READABLE);
        }
    }

    /** A connection until its handshake is complete. */
    private record Handshake(TcpStream tcp, TlsStream tls) {
    }

    private void serve(long token, Object state) throws IOException {
        if (state instanceof Handshake handshake) {
            if (handshake.tls.finishHandshake() && handshake.tls.flush()) {
                complete(token, handshake);
            }
            return;
        }
        DuplexStream stream = state instanceof Connection connection ? connection.stream : (DuplexStream) state;
        long n;
        try {
            while ((n = stream.read(buffer, 0, buffer.length)) > 0) {
                // close_notify, as the engine alone does not read it
            }
        } catch (IOException e) { // a reset: the client has not read everything
            n = IoResult.EOF;
        }
        if (n == IoResult.EOF) {
            ((DuplexStream) (state instanceof Connection ? stream : state)).close();
            streams.remove(token);
            IdleServer.closed();
        }
    }

    private void complete(long token, Handshake handshake) throws IOException {
        streams.remove(token);
        if (engineOnly) {
            poll.registry().deregister(handshake.tls);
            long its = streams.insert(new Connection(handshake.tcp, handshake.tls.engine()));
            poll.registry().register(handshake.tcp, its, Interest.READABLE);
        } else {
            poll.registry().reregister(handshake.tls, streams.insert(handshake.tls), Interest.READABLE);
        }
        IdleServer.opened();
    }

    /** Starts the loop on Netty and returns the port. */
    static int startNetty() throws InterruptedException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        SSLContext context = context();
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        Channel bound = new ServerBootstrap().group(loop, loop).channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 4096)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel client) {
                    SSLEngine engine = context.createSSLEngine();
                    engine.setUseClientMode(false);
                    SslHandler handler = new SslHandler(engine);
                    handler.setHandshakeTimeoutMillis(0); // a burst may take longer than the default of 10 s
                    client.pipeline().addLast(handler, new NettyEnd());
                }
            })
            .bind(new InetSocketAddress(0)).sync().channel();
        return ((InetSocketAddress) bound.localAddress()).getPort();
    }

    private static final class NettyEnd extends ChannelInboundHandlerAdapter {
        @Override
        public void userEventTriggered(ChannelHandlerContext client, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                IdleServer.opened();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext client) {
            IdleServer.closed();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext client, Throwable cause) {
            client.close(); // a reset: the client has not read everything
        }
    }
}
