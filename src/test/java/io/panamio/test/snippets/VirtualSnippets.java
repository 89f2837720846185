package io.panamio.test.snippets;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.net.Poller;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixDatagram;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Examples for the Javadoc of {@code Poller}. */
final class VirtualSnippets {
    private VirtualSnippets() {
    }

    // @start region="server"
    /** Sends back what it receives, with a virtual thread for each connection. */
    static void serve(Poller poller, TcpListener listener) throws IOException {
        for (;;) {
            TcpStream stream = listener.accept();
            if (stream != null) {
                Thread.startVirtualThread(() -> echo(poller, stream));
            } else {
                poller.await(listener, Interest.READABLE);
            }
        }
    }

    private static void echo(Poller poller, TcpStream stream) {
        try (stream) {
            poller.inputStream(stream).transferTo(poller.outputStream(stream));
        } catch (IOException e) {
            // the connection is broken
        }
    }
    // @end

    // @start region="await"
    static long receive(Poller poller, UnixDatagram socket, MemorySegment dst, Duration timeout) throws IOException {
        long n;
        while ((n = socket.recv(dst)) == IoResult.WOULD_BLOCK) {
            if (!poller.await(socket, Interest.READABLE, timeout)) {
                throw new SocketTimeoutException("no datagram within " + timeout);
            }
        }
        return n;
    }
    // @end

    /** Sends a line to a server, and returns the line that it answers. */
    static String ask(Poller poller, InetSocketAddress address, String question) throws IOException {
        // @start region="client"
        try (TcpStream stream = TcpStream.connect(address)) {
            while (!stream.finishConnect()) {
                poller.await(stream, Interest.WRITABLE);
            }
            Writer out = Channels.newWriter(poller.channel(stream), StandardCharsets.UTF_8);
            out.write(question + "\n");
            out.flush();
            return new BufferedReader(new InputStreamReader(poller.inputStream(stream), StandardCharsets.UTF_8))
                .readLine();
        }
        // @end
    }
}
