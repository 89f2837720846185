package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.memory.SegmentPool;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.tls.TlsOptions;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** Examples for the Javadoc of {@code io.panamio.tls}. */
final class TlsSnippets {
    private TlsSnippets() {
    }

    /** Sends a request, and returns the number of bytes of the response. */
    static long request(SSLContext context, InetSocketAddress server, byte[] request, MemorySegment response)
            throws IOException {
        // @start region="client"
        try (Poll poll = Poll.open(); SegmentPool pool = SegmentPool.open();
             TlsStream stream = TlsStream.client(TcpStream.connect(server),
                 context.createSSLEngine(server.getHostString(), server.getPort()), pool)) {
            Events events = Events.withCapacity(16);
            poll.registry().register(stream, 0, Interest.READABLE);
            int sent = 0;
            while (sent < request.length) { // connects and performs the handshake first
                long n = stream.write(request, sent, request.length - sent);
                if (n > 0) {
                    sent += (int) n;
                } else {
                    poll.poll(events); // WOULD_BLOCK: on any event, write again
                }
            }
            stream.shutdown(Shutdown.WRITE);
            long received = 0;
            while (received < response.byteSize()) {
                long n = stream.read(response, received, response.byteSize() - received);
                if (n == IoResult.EOF) {
                    break;
                } else if (n == IoResult.WOULD_BLOCK) {
                    poll.poll(events); // on any event, read again
                } else {
                    received += n;
                }
            }
            return received;
        }
        // @end
    }

    /** Echoes what connections send, until a number of them has ended. */
    static void serve(SSLContext context, TcpListener listener, int connections) throws IOException {
        // @start region="server"
        try (Poll poll = Poll.open(); SegmentPool pool = SegmentPool.open(); Arena arena = Arena.ofConfined()) {
            Events events = Events.withCapacity(256);
            Slab<TlsStream> streams = new Slab<>();
            MemorySegment buffer = arena.allocate(16 * 1024);
            poll.registry().register(listener, -1, Interest.READABLE);
            while (connections > 0) {
                poll.poll(events);
                for (int i = 0; i < events.size(); i++) {
                    if (events.token(i) == -1) {
                        for (TcpStream tcp = listener.accept(); tcp != null; tcp = listener.accept()) {
                            TlsStream stream = TlsStream.server(tcp, context.createSSLEngine(), pool);
                            poll.registry().register(stream, streams.insert(stream), Interest.READABLE);
                        }
                    } else if (streams.get(events.token(i)) instanceof TlsStream stream && !echo(stream, buffer)) {
                        streams.remove(events.token(i)).close();
                        connections--;
                    }
                }
            }
        }
        // @end
    }

    /** Returns false when the connection has ended. */
    private static boolean echo(TlsStream stream, MemorySegment buffer) {
        try {
            while (stream.flush()) { // before more is read
                long n = stream.read(buffer);
                if (n < 0) {
                    return n == IoResult.WOULD_BLOCK;
                }
                for (long sent = 0; sent < n;) {
                    long m = stream.write(buffer, sent, n - sent);
                    if (m < 0) {
                        return false; // not after a flush: 16 KiB are always accepted
                    }
                    sent += m;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    static TlsStream options(SSLContext context, TcpStream tcp, SegmentPool pool, Executor executor) {
        // @start region="options"
        SSLEngine engine = context.createSSLEngine();
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
        parameters.setWantClientAuth(true);
        engine.setSSLParameters(parameters);
        TlsStream stream = TlsStream.server(tcp, engine, pool,
            TlsOptions.DEFAULT.tasks(executor).handshakeTimeout(Duration.ofSeconds(10)));
        // @end
        return stream;
    }
}
