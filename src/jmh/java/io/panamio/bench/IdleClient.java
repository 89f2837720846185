package io.panamio.bench;

import io.panamio.bench.tls.Trusting;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import io.panamio.net.TcpStream;
import io.panamio.tls.TlsStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * A client process of {@link Memory}. It opens and closes connections as commanded on its standard input, responds to
 * each line with a line, and exits at the end of the input.
 */
final class IdleClient {
    static final String TLS = "tls:";
    private static final long PATIENCE_NANOS = 50_000_000_000L;
    /** The number of addresses: a pair allows for 28 thousand connections, including those in TIME_WAIT. */
    private static final int ADDRESSES = 200;

    private final int port;
    private final boolean tls;
    private final SSLContext context = Trusting.context();
    private final SegmentPool pool = SegmentPool.open();
    private final ArrayDeque<DuplexStream> streams = new ArrayDeque<>();
    private int bursts;

    private IdleClient(int port, boolean tls) {
        this.port = port;
        this.tls = tls;
        context.getClientSessionContext().setSessionCacheSize(1);
    }

    /** Executes the commands. The argument is the server's port, after {@code tls:} if the streams are encrypted. */
    public static void main(String... args) throws IOException, InterruptedException {
        boolean tls = args[0].startsWith(TLS);
        IdleClient client = new IdleClient(Integer.parseInt(args[0].substring(tls ? TLS.length() : 0)), tls);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        for (String order; (order = orders.readLine()) != null;) {
            String[] words = order.split(" ");
            int count = Integer.parseInt(words[1]);
            System.out.println(words[0].equals("open") ? client.open(count) : client.close(count));
        }
        Runtime.getRuntime().halt(0);
    }

    /** Opens connections, all to one address, and prints their number, and the reason if it could not open all. */
    private String open(int count) throws InterruptedException {
        int done = 0;
        try {
            byte last = (byte) (1 + bursts++ % ADDRESSES);
            InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, last});
            InetSocketAddress server = new InetSocketAddress(address, port);
            DuplexStream[] opened = new DuplexStream[count];
            for (; done < count; done++) {
                opened[done] = connect(server);
                streams.add(opened[done]);
            }
            long end = System.nanoTime() + PATIENCE_NANOS;
            for (int open = 0; open < count;) { // all at once: a handshake takes several turns
                for (int i = 0; i < count; i++) {
                    if (opened[i] != null && isOpen(opened[i])) {
                        opened[i] = null;
                        open++;
                    }
                }
                if (open < count && System.nanoTime() > end) {
                    return done + " a connect that does not end";
                }
                Thread.sleep(1);
            }
            return Integer.toString(done);
        } catch (IOException e) {
            return done + " " + e.getMessage();
        }
    }

    private DuplexStream connect(InetSocketAddress server) throws IOException {
        TcpStream stream = TcpStream.connect(server);
        if (!tls) {
            return stream;
        }
        SSLEngine engine = context.createSSLEngine();
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("");
        engine.setSSLParameters(parameters);
        return TlsStream.client(stream, engine, pool);
    }

    private static boolean isOpen(DuplexStream stream) throws IOException {
        return stream instanceof TlsStream encrypted ? encrypted.finishHandshake() && encrypted.flush()
            : stream.finishConnect();
    }

    /** Closes the oldest connections. */
    private String close(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            streams.remove().close();
        }
        return Integer.toString(count);
    }
}
