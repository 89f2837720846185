package io.panamio.bench.tls;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.bench.rig.Allocations;
import io.panamio.memory.SegmentPool;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Certificates;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;

/** The contender {@code panamio-tls}: an event loop with {@link TlsStream}. */
final class PanamioTls {
    private static final long LISTENER = -1;

    private static final class Client {
        final TlsStream stream;
        /** The path of the request that is being received, or 0. */
        char page;
        /** The response that is being written, or null. */
        MemorySegment response;
        long written;

        Client(TlsStream stream) {
            this.stream = stream;
        }
    }

    private final Poll poll = Poll.open();
    private final Events events = Events.withCapacity(1024);
    private final Slab<Client> clients = new Slab<>();
    private final SegmentPool pool = SegmentPool.open();
    private final SSLContext context = Certificates.context(Certificates.ALPHA);
    private final MemorySegment buffer = Arena.ofAuto().allocate(64 << 10);
    private final Map<Character, MemorySegment> responses = new HashMap<>();
    private final TcpListener listener;

    private PanamioTls(int port) throws IOException {
        for (char page : new char[] {Content.CLOSE, Content.KIB, Content.MIB, Content.UPLOAD}) {
            byte[] bytes = Content.response(page);
            responses.put(page, Arena.ofAuto().allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes)));
        }
        listener = TcpListener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    /** {@code PORT}. */
    public static void main(String[] args) throws IOException {
        PanamioTls server = new PanamioTls(Integer.parseInt(args[0]));
        Allocations.answer();
        for (;;) {
            server.turn();
        }
    }

    private void turn() throws IOException {
        int n = poll.poll(events);
        for (int i = 0; i < n; i++) {
            long token = events.token(i);
            if (token == LISTENER) {
                accept();
                continue;
            }
            Client client = clients.get(token);
            try {
                if (client != null && !serve(client)) { // null: closed earlier in this batch
                    clients.remove(token).stream.close();
                }
            } catch (IOException e) { // a reset, or a client that does not speak TLS
                clients.remove(token).stream.close();
            }
        }
    }

    private void accept() throws IOException {
        for (TcpStream stream; (stream = listener.accept()) != null;) {
            stream.setNoDelay(true);
            Client client = new Client(TlsStream.server(stream, context.createSSLEngine(), pool));
            poll.registry().register(client.stream, clients.insert(client), Interest.READABLE);
        }
    }

    /** Returns false when the connection has ended. */
    private boolean serve(Client client) throws IOException {
        for (;;) {
            if (client.response != null && !write(client)) {
                return true;
            }
            if (client.page == Content.CLOSE && client.response != null) {
                return !client.stream.flush();
            }
            client.page = client.response == null ? client.page : 0;
            client.response = null;
            long n = client.stream.read(buffer);
            if (n < 0) {
                return n == IoResult.WOULD_BLOCK;
            }
            if (client.page == 0) {
                client.page = (char) buffer.get(ValueLayout.JAVA_BYTE, Content.LETTER);
                client.page = client.page == '/' ? Content.UPLOAD : client.page;
            }
            if (Content.isEnd(buffer.get(ValueLayout.JAVA_BYTE, n - 1))) {
                client.response = responses.get(client.page);
                client.written = 0;
            }
        }
    }

    /** Returns whether the response is written. */
    private static boolean write(Client client) throws IOException {
        long size = client.response.byteSize();
        while (client.written < size) {
            long n = client.stream.write(client.response, client.written, size - client.written);
            if (n < 0) {
                return false;
            }
            client.written += n;
        }
        return true;
    }
}
