package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.proxy.Encryption;
import io.panamio.examples.proxy.Mode;
import io.panamio.examples.proxy.ProxyLoop;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A proxy in a thread of its own, a server behind it, and connections to it, all of which it closes. */
public final class Proxying implements AutoCloseable {
    public final ServerSocket server;
    public final ProxyLoop proxy;
    public final InetSocketAddress address;
    public final Future<?> run;
    public static final Duration NEVER = Duration.ofDays(1);
    private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    private final Deque<Closeable> closeables = new ArrayDeque<>();
    private volatile long thread;
    private volatile Runnable inLoop;

    /** A client, and the connection of the server for it. */
    public record Joined(Socket client, Socket server) {
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    public Proxying(Mode mode) throws IOException {
        this(mode, 1000, Duration.ofSeconds(10));
    }

    public Proxying(Mode mode, int maxConnections, Duration grace) throws IOException {
        this(mode, maxConnections, NEVER, NEVER, grace, 1000);
    }

    public Proxying(Encryption encryption) throws IOException {
        this(Mode.AUTO, 1000, NEVER, NEVER, Duration.ofSeconds(10), 1000, encryption);
    }

    public Proxying(Mode mode, int maxConnections, Duration connectTimeout, Duration idleTimeout,
            Duration grace, int backlog) throws IOException {
        this(mode, maxConnections, connectTimeout, idleTimeout, grace, backlog, Encryption.NONE);
    }

    private Proxying(Mode mode, int maxConnections, Duration connectTimeout, Duration idleTimeout, Duration grace,
            int backlog, Encryption encryption) throws IOException {
        server = later(new ServerSocket(0, backlog, Loop.V4));
        server.setSoTimeout((int) Loop.LONG.toMillis());
        proxy = new ProxyLoop(new ProxyLoop.Settings(new InetSocketAddress(Loop.V4, 0),
            new InetSocketAddress(Loop.V4, server.getLocalPort()), mode, maxConnections,
            connectTimeout, idleTimeout, grace, encryption), this::accept);
        address = proxy.address();
        run = Background.start(() -> {
            thread = Thread.currentThread().threadId();
            proxy.run();
            return null;
        });
    }

    /** Runs an action in the loop's thread, and waits for its end. */
    public void inLoop(Runnable action) throws IOException {
        inLoop = action;
        report();
    }

    private void accept(String report) {
        Runnable action = inLoop;
        inLoop = null;
        if (action != null) {
            action.run();
        }
        reports.add(report);
    }

    private <C extends Closeable> C later(C c) {
        synchronized (closeables) {
            closeables.push(c);
        }
        return c;
    }

    /** Returns the loop's thread. */
    public long thread() throws IOException {
        Loop.until("started", () -> thread != 0);
        return thread;
    }

    /** Connects a client to the proxy. */
    public Socket connect() throws IOException {
        return prepare(new Socket(address.getAddress(), address.getPort()));
    }

    /** Connects a client in non-blocking mode to the proxy. */
    public SocketChannel connectChannel() throws IOException {
        return later(SocketChannel.open(address));
    }

    /** Accepts the server's connection for the next client. */
    public Socket accept() throws IOException {
        return prepare(server.accept());
    }

    private Socket prepare(Socket socket) throws IOException {
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        socket.setTcpNoDelay(true);
        return later(socket);
    }

    /** Opens a connection through the proxy. */
    public Joined join() throws IOException {
        Socket client = connect();
        return new Joined(client, accept());
    }

    /** Closes a socket with a reset. */
    public static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Sends some bytes and waits until they have arrived. */
    public static void pass(Socket from, Socket to, int size) throws IOException {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 31 >> 3);
        }
        from.getOutputStream().write(bytes);
        assertTrue(Arrays.equals(bytes, to.getInputStream().readNBytes(size)), "other bytes than were sent");
    }

    // ---- statistics

    /** Returns the current statistics. */
    public String report() throws IOException {
        proxy.report();
        return nextReport();
    }

    public String nextReport() throws IOException {
        try {
            String text = reports.poll(Loop.LONG.toSeconds(), TimeUnit.SECONDS);
            assertTrue(text != null, "no report");
            return text;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the number that precedes the given words in a report. */
    public static long number(String report, String after) {
        Matcher m = Pattern.compile("(\\d+) " + Pattern.quote(after)).matcher(report);
        assertTrue(m.find(), report);
        return Long.parseLong(m.group(1));
    }

    /** Waits for a number of connections. */
    public void awaitConnections(int now) throws IOException {
        Loop.until(now + " connections", () -> number(report(), "now") == now);
    }

    /** Asserts that nothing is left of earlier connections. */
    public void assertNothingWaits() throws IOException {
        awaitConnections(0);
        String report = report();
        assertEquals(0, number(report, "bytes of buffers"), report);
        assertEquals(0, number(report, "rings"), report);
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        try {
            Background.result(run);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        while (!closeables.isEmpty()) {
            closeables.pop().close();
        }
    }
}
