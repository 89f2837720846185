package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.serve.HttpLoop;
import io.panamio.examples.serve.Settings;
import io.panamio.net.TcpListener;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** A directory served by the example's loop in its own thread, and clients that send arbitrary requests. */
final class Served implements AutoCloseable {
    final HttpLoop loop;
    final Thread thread;

    Served(Path folder) throws IOException {
        this(new Settings(folder));
    }

    Served(Settings settings) throws IOException {
        this(settings, () -> { });
    }

    /** Starts a server whose thread runs an action first. */
    Served(Settings settings, Runnable before) throws IOException {
        loop = new HttpLoop(TcpListener.bind(new InetSocketAddress(Loop.V4, 0)), settings);
        thread = Thread.ofPlatform().daemon().name("serve").start(() -> {
            before.run();
            loop.run();
        });
    }

    /** Creates a symbolic link; skips the test where there is none. */
    static Path link(Path link, Path target) throws IOException {
        Behaviour.SYMBOLIC_LINKS_ARE_MISSING.skip();
        return Files.createSymbolicLink(link, target);
    }

    int port() {
        return loop.address().getPort();
    }

    String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    Client client() throws IOException {
        return new Client(new Socket(Loop.V4, port()));
    }

    /** Returns the response to a request on a new connection; the Host header and the end of the head are added. */
    Response ask(String lines) throws IOException {
        try (Client client = client()) {
            return client.ask(lines);
        }
    }

    Response get(String path, String... headers) throws IOException {
        return ask("GET " + path + " HTTP/1.1\r\n" + String.join("", Arrays.stream(headers)
            .map(h -> h + "\r\n").toList()));
    }

    /** Stops the server, and asserts that no connection is left. */
    @Override
    public void close() {
        loop.stop();
        try {
            thread.join(Loop.LONG.toMillis());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertTrue(!thread.isAlive(), "the loop does not end");
        HttpLoop.Statistics s = loop.statistics();
        assertEquals(0, s.connections() + s.rings() + s.openFiles(), s.toString());
    }

    /** A response: its status, its headers (names are case-insensitive), and its content. */
    record Response(int status, String line, Map<String, String> headers, byte[] content) {
        String header(String name) {
            return headers.get(name);
        }

        String text() {
            return new String(content, StandardCharsets.UTF_8);
        }
    }

    /** A client's connection. */
    static final class Client implements AutoCloseable {
        final Socket socket;
        private final InputStream in;

        Client(Socket socket) throws IOException {
            this.socket = socket;
            socket.setSoTimeout((int) Loop.LONG.toMillis());
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
        }

        Client send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            return this;
        }

        /** Sends the lines of a request, with Host, and reads its response. */
        Response ask(String lines) throws IOException {
            send(lines + "Host: test\r\n\r\n");
            return response(lines.startsWith("HEAD"));
        }

        Response response() throws IOException {
            return response(false);
        }

        Response response(boolean head) throws IOException {
            String line = line();
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            for (String h; !(h = line()).isEmpty();) {
                int colon = h.indexOf(": ");
                assertTrue(colon > 0, h);
                assertEquals(null, headers.put(h.substring(0, colon), h.substring(colon + 2)), "twice: " + h);
            }
            int status = Integer.parseInt(line.substring(9, 12));
            int length = status == 304 || head ? 0 : Integer.parseInt(headers.get("Content-Length"));
            byte[] content = in.readNBytes(length);
            if (content.length < length) {
                throw new EOFException(content.length + " of " + length + " bytes");
            }
            return new Response(status, line, headers, content);
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b; (b = in.read()) != '\n';) {
                if (b < 0) {
                    throw new EOFException("in a head: " + line);
                }
                line.append((char) b);
            }
            assertTrue(line.length() > 0 && line.charAt(line.length() - 1) == '\r', "no CRLF: " + line);
            return line.substring(0, line.length() - 1);
        }

        /** Returns the next byte, or -1 at the end. */
        int read() throws IOException {
            return in.read();
        }

        /** Reads to the end and returns the number of bytes. */
        long drain() throws IOException {
            return in.transferTo(OutputStream.nullOutputStream());
        }

        void expectEnd() throws IOException {
            assertEquals(-1, in.read());
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
