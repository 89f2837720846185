package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.memory.SegmentPool;
import io.panamio.net.*;
import io.panamio.tls.TlsStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** Sends a line to a TLS server and prints the line that it answers: one deadline covers everything. */
public final class TlsAsk {
    private final Poll poll;
    private final Events events = Events.withCapacity(16);
    private final Timers timers = new Timers();

    private TlsAsk(Poll poll, Duration timeout) {
        this.poll = poll;
        timers.schedule(0, timeout);
    }

    public static void main(String[] args) throws IOException, NoSuchAlgorithmException {
        SSLContext context = SSLContext.getDefault();            // trusts what the JDK trusts
        System.out.print(ask(context, args[0], Integer.parseInt(args[1]), args[2] + "\n", Duration.ofSeconds(5)));
    }

    static String ask(SSLContext context, String host, int port, String line, Duration timeout) throws IOException {
        SSLEngine engine = context.createSSLEngine(host, port);  // checks the certificate for this name
        try (Poll poll = Poll.open(); SegmentPool pool = SegmentPool.open()) {
            TlsAsk ask = new TlsAsk(poll, timeout);
            try (TlsStream tls = TlsStream.client(ask.connect(host, port), engine, pool)) { // owns the stream below
                poll.registry().register(tls, 1, Interest.READABLE);
                ask.send(tls, line.getBytes(StandardCharsets.UTF_8));
                return ask.receive(tls);
            }
        }
    }

    private TcpStream connect(String host, int port) throws IOException {
        Duration unlimited = ChronoUnit.FOREVER.getDuration();   // the timer limits it
        try (Connector connector = Connector.connect(host, port, unlimited)) {
            poll.registry().register(connector, 0, Interest.WRITABLE);
            TcpStream stream;
            while ((stream = connector.finishConnect()) == null) {
                await("not connected");
            }
            return stream;
        }
    }

    private void send(TlsStream tls, byte[] bytes) throws IOException {
        while (!tls.finishHandshake()) {                         // not required: a write performs it, too
            await("the handshake is not complete");
        }
        for (int sent = 0; sent < bytes.length;) {
            long n = tls.write(bytes, sent, bytes.length - sent);
            if (n == IoResult.WOULD_BLOCK) {
                await(sent + " bytes were accepted");
            } else {
                sent += (int) n;
            }
        }
    }

    private String receive(TlsStream tls) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        byte[] buffer = new byte[1024];
        for (;;) {
            long n = tls.read(buffer, 0, buffer.length);         // first writes what was held back
            if (n == IoResult.EOF) {
                throw new EOFException("the end, after " + line.size() + " bytes of the answer");
            } else if (n == IoResult.WOULD_BLOCK) {
                await("no answer, or only a part");
            } else {
                line.write(buffer, 0, (int) n);
                if (buffer[(int) n - 1] == '\n') {
                    return line.toString(StandardCharsets.UTF_8);
                }
            }
        }
    }

    /** Waits for any event, after which the operation that would block is repeated. */
    private void await(String state) throws IOException {
        poll.poll(events, timers);
        if (timers.expire()) {
            throw new SocketTimeoutException("timeout: " + state);
        }
    }
}
