package io.panamio.test.programs;

import static io.panamio.test.support.Failures.assertReset;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Slab;
import io.panamio.examples.TurnQueue;
import io.panamio.examples.log.LogFile;
import io.panamio.examples.proxy.Mode;
import io.panamio.net.TcpListener;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Proxying;
import io.panamio.test.support.Proxying.Joined;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A RuntimeException, which is a bug in the program, ends only one client of the examples echo, proxy and send, and so
 * does an Error, such as that of a class that cannot be loaded.
 */
class ProgramExceptionsTest {
    /** A queue whose first {@code add} throws. */
    private static final class Failing extends TurnQueue<Object> {
        private boolean thrown;

        @Override
        public void add(Object o) {
            if (!thrown) {
                thrown = true;
                throw new NoClassDefFoundError("from a test");
            }
            super.add(o);
        }
    }

    @TempDir
    private Path directory;
    /** The error log of a loop, once it is set as the loop's field {@code errors}. */
    private LogFile errors;

    @BeforeEach
    void open() throws IOException {
        errors = LogFile.of(directory.resolve("errors"));
    }

    @AfterEach
    void close() throws IOException {
        errors.close();
        Loop.until("no file, or none that is mapped", () -> {
            System.gc(); // ends the mapping of a loop
            try {
                Files.deleteIfExists(directory.resolve("file"));
                return true;
            } catch (AccessDeniedException e) {
                Behaviour.MAPPED_FILES_CANNOT_BE_DELETED.require();
                return false;
            }
        });
    }

    private void awaitLog(String line) throws IOException {
        Loop.until("logged: " + line, () -> Files.readString(directory.resolve("errors")).contains(line));
    }

    private static Field field(Object of, String name) throws ReflectiveOperationException {
        Class<?> type = of.getClass();
        while (true) {
            try {
                Field field = type.getDeclaredField(name);
                field.setAccessible(true);
                return field;
            } catch (NoSuchFieldException e) {
                type = type.getSuperclass();
                if (type == null) {
                    throw e;
                }
            }
        }
    }

    private static Object get(Object of, String name) throws ReflectiveOperationException {
        return field(of, name).get(of);
    }

    private static void set(Object of, String name, Object value) throws ReflectiveOperationException {
        field(of, name).set(of, value);
    }

    private static Object make(String loop, Object... arguments) throws ReflectiveOperationException {
        Constructor<?> constructor = Class.forName("io.panamio.examples." + loop).getDeclaredConstructors()[0];
        constructor.setAccessible(true);
        return constructor.newInstance(arguments);
    }

    /** Runs a loop until it ends. */
    private static Object run(Object loop) throws ReflectiveOperationException {
        Method run = loop.getClass().getDeclaredMethod("run");
        run.setAccessible(true);
        return run.invoke(loop);
    }

    /** Returns a loop's objects for its clients, in the order in which they connected. */
    private static List<Object> clients(Object loop, int count) throws ReflectiveOperationException, IOException {
        Slab<?> slab = (Slab<?>) get(loop, "clients");
        List<Object> clients = new ArrayList<>();
        Loop.until("clients", () -> {
            clients.clear();
            slab.forEach(clients::add);
            return clients.size() == count;
        });
        return clients;
    }

    private static Socket connect(TcpListener listener) throws IOException {
        Socket socket = new Socket(Loop.V4, listener.localAddress().getPort());
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        return socket;
    }

    private static TcpListener listen() throws IOException {
        return TcpListener.bind(new InetSocketAddress(Loop.V4, 0));
    }

    private static void ping(Socket socket) throws IOException {
        Proxying.pass(socket, socket, 100);
    }

    @Test
    void echoDropsOneClient() throws Exception {
        try (TcpListener listener = listen(); AutoCloseable loop = (AutoCloseable) make("EchoLoop", listener, 10,
                Duration.ZERO)) {
            set(loop, "errors", errors);
            Future<?> run = Background.start(() -> run(loop));
            try (Socket one = connect(listener)) {
                ping(one);
                Object client = clients(loop, 1).get(0);
                try (Socket other = connect(listener)) {
                    ping(other);
                    MemorySegment dead;
                    try (Arena arena = Arena.ofShared()) {
                        dead = arena.allocate(1);
                    }
                    set(client, "to", 1L);
                    set(client, "pending", dead);
                    one.getOutputStream().write(1);
                    assertThrowsOrEnds(one);
                    awaitLog("echo: a client is dropped: java.lang.IllegalStateException");
                    ping(other);
                    clients(loop, 1);
                }
            }
            try (Socket later = connect(listener)) {
                ping(later);
            }
            assertFalse(run.isDone());
        }
    }

    /** Closing a connection with unread bytes resets it. */
    private static void assertThrowsOrEnds(Socket socket) throws IOException {
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (SocketException e) {
            assertTrue(e.getMessage().contains("reset"), e.getMessage());
        }
    }

    /** Sends until the peer closes the connection, as it does when a turn is long enough to be continued later. */
    private static void flood(Socket client, Socket receiver) throws IOException {
        Behaviour.TRANSFERS_ARE_SLOW.skip();
        Background.start(() -> receiver.getInputStream().transferTo(OutputStream.nullOutputStream()));
        Future<?> sends = Background.start(() -> {
            byte[] bytes = new byte[1 << 20];
            for (;;) {
                client.getOutputStream().write(bytes);
            }
        });
        Loop.until("closed", sends::isDone);
    }

    @Test
    void anErrorInEchoDropsOneClient() throws Exception {
        try (TcpListener listener = listen(); AutoCloseable loop = (AutoCloseable) make("EchoLoop", listener, 10,
                Duration.ZERO)) {
            set(loop, "errors", errors);
            set(loop, "ready", new Failing());
            Future<?> run = Background.start(() -> run(loop));
            try (Socket one = connect(listener); Socket other = connect(listener)) {
                ping(one);
                ping(other);
                flood(one, one);
                awaitLog("echo: a client is dropped: java.lang.NoClassDefFoundError: from a test");
                ping(other);
                clients(loop, 1);
            }
            assertFalse(run.isDone());
        }
    }

    @Test
    void anErrorInTheProxyResetsOneConnection() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO)) {
            Joined one = p.join();
            Joined other = p.join();
            Proxying.pass(one.client(), one.server(), 100);
            p.inLoop(() -> {
                try {
                    set(p.proxy, "errors", errors);
                    set(p.proxy, "again", new Failing());
                } catch (ReflectiveOperationException e) {
                    throw new AssertionError(e);
                }
            });
            flood(one.client(), one.server());
            awaitLog("proxy: a connection is reset: java.lang.NoClassDefFoundError: from a test");
            Proxying.pass(other.client(), other.server(), 100);
            Proxying.pass(other.server(), other.client(), 100);
            assertEquals(1, Proxying.number(p.report(), "failed"));
            assertFalse(p.run.isDone());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theProxyResetsOneConnection(Mode mode) throws Exception {
        try (Proxying p = new Proxying(mode)) {
            Joined one = p.join();
            Joined other = p.join();
            Proxying.pass(one.client(), one.server(), 100);
            Proxying.pass(other.client(), other.server(), 100);
            p.inLoop(() -> {
                try {
                    set(p.proxy, "errors", errors);
                    Object[] first = new Object[1];
                    ((Slab<?>) get(p.proxy, "sides")).forEach(c -> first[0] = first[0] == null ? c : first[0]);
                    set(get(first[0], "up"), "way", null);
                } catch (ReflectiveOperationException e) {
                    throw new AssertionError(e);
                }
            });
            one.client().getOutputStream().write(1);
            assertReset(one.server());
            assertReset(one.client());
            awaitLog("proxy: a connection is reset: java.lang.NullPointerException");
            Proxying.pass(other.client(), other.server(), 100);
            Proxying.pass(other.server(), other.client(), 100);
            Joined later = p.join();
            Proxying.pass(later.client(), later.server(), 100);
            assertEquals(1, Proxying.number(p.report(), "failed"));
            assertFalse(p.run.isDone());
        }
    }

    @Test
    void sendResetsOneClient() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[20_000_000]); // more than the socket buffers hold
        Class<?> ways = Class.forName("io.panamio.examples.Send$Way");
        Object way = ways.getEnumConstants()[2]; // WRITE, which checks the position itself
        CompletableFuture<Object> made = new CompletableFuture<>();
        try (TcpListener listener = listen()) {
            Future<?> run = Background.start(() -> { // in its own thread, to which its memory is confined
                Object loop = make("SendLoop", listener, file, way, errors);
                set(loop, "errors", errors);
                made.complete(loop);
                return run(loop);
            });
            Object loop = made.get();
            try (Socket one = connect(listener)) {
                one.getInputStream().readNBytes(1);
                Object client = clients(loop, 1).get(0);
                try (Socket other = connect(listener)) {
                    other.getInputStream().readNBytes(1);
                    Loop.until("it waits", () -> !(boolean) uncheckedGet(client, "writable"));
                    set(client, "position", -1L);
                    assertReset(one);
                    awaitLog(" has not received the whole file: java.lang.IndexOutOfBoundsException");
                    assertEquals(19_999_999, other.getInputStream().readAllBytes().length);
                }
            }
            try (Socket later = connect(listener)) {
                assertEquals(20_000_000, later.getInputStream().readAllBytes().length);
            }
            assertFalse(run.isDone());
            ((AutoCloseable) loop).close();
            Background.result(run);
        }
    }

    @Test
    void anErrorInSendResetsOneClient() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[100_000]);
        Object way = Class.forName("io.panamio.examples.Send$Way").getEnumConstants()[0];
        CompletableFuture<Object> made = new CompletableFuture<>();
        try (TcpListener listener = listen()) {
            Future<?> run = Background.start(() -> {
                Object loop = make("SendLoop", listener, file, way, errors);
                set(loop, "errors", errors);
                set(loop, "ready", new Failing());
                made.complete(loop);
                return run(loop);
            });
            Object loop = made.get();
            try (Socket one = connect(listener)) {
                assertReset(one);
                awaitLog(" has not received the whole file: java.lang.NoClassDefFoundError: from a test");
            }
            try (Socket later = connect(listener)) {
                assertEquals(100_000, later.getInputStream().readAllBytes().length);
            }
            assertFalse(run.isDone());
            ((AutoCloseable) loop).close();
            Background.result(run);
        }
    }

    private static Object uncheckedGet(Object of, String name) {
        try {
            return get(of, name);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
