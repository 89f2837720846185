package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Source;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * A Poll for tests, with the expectations of mio's own test harness: an event satisfies an expectation if it has its
 * token and at least its readiness; unexpected events are ignored. Closing a loop closes what it created.
 */
public final class Loop implements AutoCloseable {
    public static final Interest R = Interest.READABLE;
    public static final Interest W = Interest.WRITABLE;
    public static final Interest RW = R.add(W);
    public static final InetAddress V4 = address("127.0.0.1");
    public static final InetAddress V6 = address("::1");

    private static final List<String> FLAGS = List.of("r", "w", "p", "rc", "wc", "e");

    /** The timeout for everything that must happen. */
    public static final Duration LONG =
        Duration.ofSeconds(System.getenv("PANAMIO_QEMU") == null && !WindowsHandles.HERE ? 60 : 300);
    /** The time that a test waits to check that nothing happens. */
    public static final Duration SHORT = Duration.ofMillis(50);
    /** How long {@link #until} repeats its condition without a pause, and the pause, in nanoseconds. */
    private static final long TURNS = 500_000;
    private static final long PAUSE = 1_000_000;

    private final Deque<AutoCloseable> closeables = new ArrayDeque<>();
    public final Poll poll;
    public final Events events = Events.withCapacity(64);

    public Loop() throws IOException {
        poll = later(Poll.open());
    }

    /** {@return whether the system itself reports edges, which the library otherwise emulates} */
    public static boolean hasEdges() {
        return Feature.EDGES.support() == Support.SUPPORTED;
    }

    /** {@return whether a source may have two events in one result, one for each direction: on kqueue(2)} */
    public static boolean hasTwoEvents() {
        return Systems.BSD && !"poll".equals(System.getProperty("panamio.selector"));
    }

    /** {@return whether errors have a flag: poll(2) of macOS and FreeBSD reports them as ends of both directions} */
    public static boolean hasErrors() {
        return !Systems.BSD || hasTwoEvents();
    }

    /** {@return flags as this back end reports them: without that of an error if it has none} */
    public static String here(String flags) {
        return hasErrors() ? flags : flags.replace(" e", "");
    }

    /** Skips the running test, or the rest of it, where the back end in use refuses one of the features. */
    public static void assume(Feature... features) {
        for (Feature feature : features) {
            assumeTrue(feature.isAvailable(), () -> "this back end lacks " + feature);
        }
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns {@code c}, which is closed with this loop. */
    public <C extends AutoCloseable> C later(C c) {
        closeables.push(c);
        return c;
    }

    @Override
    public void close() throws IOException {
        while (!closeables.isEmpty()) {
            try {
                closeables.pop().close();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    public void register(Source source, long token, Interest interest) throws IOException {
        poll.registry().register(source, token, interest);
    }

    public void reregister(Source source, long token, Interest interest) throws IOException {
        poll.registry().reregister(source, token, interest);
    }

    // ---- connections

    /** A connected stream of the library and the JDK socket at its other end. */
    public record Pair(TcpStream stream, Socket peer) {
    }

    /** A stream that has connected to a JDK socket, unregistered. */
    public Pair connected() throws IOException {
        return connected(V4);
    }

    public Pair connected(InetAddress host) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 50, host)) {
            TcpStream stream = later(TcpStream.connect(new InetSocketAddress(host, server.getLocalPort())));
            Socket peer = later(server.accept());
            prepare(peer);
            finishConnect(stream);
            return new Pair(stream, peer);
        }
    }

    /** A stream that was accepted from a JDK socket, unregistered. */
    public Pair accepted() throws IOException {
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            Socket peer = later(new Socket(V4, listener.localAddress().getPort()));
            prepare(peer);
            return new Pair(later(accept(listener)), peer);
        }
    }

    private static void prepare(Socket peer) throws IOException {
        peer.setTcpNoDelay(true);
        peer.setSoTimeout((int) LONG.toMillis());
    }

    /** A stream whose peer has reset the connection. */
    public static TcpStream withClosedPeer() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, V4)) {
            TcpStream stream = TcpStream.connect(new InetSocketAddress(V4, server.getLocalPort()));
            try (Socket peer = server.accept()) {
                peer.setSoLinger(true, 0);
            }
            return stream;
        }
    }

    /** A listener whose queue {@link #connecting} can fill. */
    public TcpListener withShortQueue(InetAddress host) throws IOException {
        return later(TcpListener.bind(new InetSocketAddress(host, 0), ListenOptions.DEFAULT.backlog(1)));
    }

    /**
     * A stream, registered for writing with token 1, whose connect stays pending: the listener's queue is full, so
     * Linux drops the SYN, and retransmits it after a second and later.
     */
    public TcpStream connecting(TcpListener listener) throws IOException {
        for (int i = 0; i < 8; i++) {
            TcpStream stream = later(TcpStream.connect(listener.localAddress()));
            register(stream, 1, W);
            if (poll.poll(events, Duration.ofMillis(200)) == 0) {
                return stream;
            }
            poll.registry().deregister(stream);
        }
        return abort("this system lets more connections queue than the listener requested");
    }

    /** Two connected streams, unregistered: the one that connected and the one that was accepted. */
    public TcpStream[] pair() throws IOException {
        try (TcpListener listener = TcpListener.bind(new InetSocketAddress(V4, 0))) {
            TcpStream client = later(TcpStream.connect(listener.localAddress()));
            TcpStream server = later(accept(listener));
            finishConnect(client);
            return new TcpStream[] {client, server};
        }
    }

    /** Accepts a connection that is about to arrive. */
    public static TcpStream accept(TcpListener listener) throws IOException {
        long deadline = System.nanoTime() + LONG.toNanos();
        TcpStream stream;
        while ((stream = listener.accept()) == null) {
            assertTrue(System.nanoTime() < deadline, "no connection arrived");
            Thread.onSpinWait();
        }
        return stream;
    }

    public static void finishConnect(TcpStream stream) throws IOException {
        until("connected", stream::finishConnect);
    }

    /** {@return the loopback interface} */
    public static NetworkInterface loopback() throws IOException {
        return NetworkInterface.getByInetAddress(V4);
    }

    /** {@return a local address on which no socket listens} */
    public static InetSocketAddress nobody() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, V4)) {
            return new InetSocketAddress(V4, server.getLocalPort());
        }
    }

    // ---- waiting

    /** A condition that may throw. */
    public interface Condition {
        boolean holds() throws IOException;
    }

    /** Repeats {@code condition} until it holds, with pauses in which others run: other forks run other tests. */
    public static void until(String what, Condition condition) throws IOException {
        long start = System.nanoTime();
        long pause = start + TURNS;
        while (!condition.holds()) {
            long now = System.nanoTime();
            if (now - start > LONG.toNanos()) {
                fail("still not: " + what);
            }
            if (now - pause > 0) {
                LockSupport.parkNanos(PAUSE);
                pause = System.nanoTime() + TURNS;
            }
        }
    }

    /** Collects garbage at increasing intervals: where a collection is slow, the cleaner needs time in between. */
    public static void untilCollected(String what, Condition condition) throws IOException {
        long[] pause = {1_000_000};
        until(what, () -> {
            System.gc();
            LockSupport.parkNanos(pause[0] *= 2);
            return condition.holds();
        });
    }

    /** Reads once bytes are available. */
    public static long awaitRead(TcpStream stream, byte[] dst) throws IOException {
        long[] n = new long[1];
        until("readable", () -> (n[0] = stream.read(dst, 0, dst.length)) != IoResult.WOULD_BLOCK);
        return n[0];
    }

    /** Reads {@code length} bytes exactly. */
    public static byte[] readFully(TcpStream stream, int length) throws IOException {
        byte[] all = new byte[length];
        int[] got = new int[1];
        until(length + " bytes", () -> {
            long n = stream.read(all, got[0], length - got[0]);
            assertTrue(n != IoResult.EOF, "end of stream after " + got[0] + " of " + length + " bytes");
            got[0] += (int) Math.max(n, 0);
            return got[0] == length;
        });
        return all;
    }

    // ---- events

    /** A token and the flags that its event must at least have: names as in {@link #flags}, separated by blanks. */
    public record Expected(long token, String flags) {
    }

    public static Expected readable(long token) {
        return new Expected(token, "r");
    }

    public static Expected writable(long token) {
        return new Expected(token, "w");
    }

    /**
     * Polls until events have satisfied all expectations, each with an event of its own, or, where a source may have
     * two events, with those of its token together. An error is not required without {@link #hasErrors}.
     */
    public void expect(Expected... expected) throws IOException {
        List<Expected> missing = new ArrayList<>(List.of(expected));
        List<String> seen = new ArrayList<>();
        Map<Long, Set<String>> together = new HashMap<>();
        long deadline = System.nanoTime() + LONG.toNanos();
        while (!missing.isEmpty()) {
            if (System.nanoTime() > deadline) {
                fail("missing " + missing + ", seen " + seen);
            }
            poll.poll(events, Duration.ofMillis(500));
            for (Event event : events) {
                seen.add(event.toString());
                Set<String> flags = new HashSet<>(flags(event));
                if (hasTwoEvents()) {
                    flags.addAll(together.getOrDefault(event.token(), Set.of()));
                    together.put(event.token(), flags);
                }
                for (Expected e : missing) {
                    Set<String> required = new HashSet<>(List.of(e.flags.split(" ")));
                    required.removeIf(flag -> !hasErrors() && flag.equals("e"));
                    if (e.token == event.token() && flags.containsAll(required)) {
                        missing.remove(e);
                        break;
                    }
                }
            }
        }
    }

    /** Polls for a short while, in which no event may arrive. */
    public void expectNothing() throws IOException {
        poll.poll(events, SHORT);
        assertEquals("[]", events.toString());
    }

    /** Polls until no event arrives for a short while: TCP may still transfer data, but nothing may loop. */
    public void expectQuiet() throws IOException {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (poll.poll(events, SHORT) > 0) {
            if (System.nanoTime() > deadline) {
                fail("still events: " + events);
            }
        }
    }

    /** Polls until an event has this token, and returns its flags, such as {@code r w rc}; of two events, of both. */
    public String next(long token) throws IOException {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (System.nanoTime() < deadline) {
            poll.poll(events, Duration.ofMillis(500));
            List<List<String>> found = new ArrayList<>();
            for (Event event : events) {
                if (event.token() == token) {
                    found.add(flags(event));
                }
            }
            if (!found.isEmpty()) {
                if (found.size() > (hasTwoEvents() ? 2 : 1)) { // no assertion: a child has no JUnit
                    fail(events.toString());
                }
                return String.join(" ",
                    FLAGS.stream().filter(f -> found.stream().anyMatch(e -> e.contains(f))).toList());
            }
        }
        return fail("no event with token " + token);
    }

    /** {@return the flags of an event: r(eadable) w(ritable) p(riority) rc (read-closed) wc (write-closed) e(rror)} */
    public static List<String> flags(Event event) {
        List<String> flags = new ArrayList<>();
        if (event.isReadable()) {
            flags.add("r");
        }
        if (event.isWritable()) {
            flags.add("w");
        }
        if (event.isPriority()) {
            flags.add("p");
        }
        if (event.isReadClosed()) {
            flags.add("rc");
        }
        if (event.isWriteClosed()) {
            flags.add("wc");
        }
        if (event.isError()) {
            flags.add("e");
        }
        return flags;
    }
}
