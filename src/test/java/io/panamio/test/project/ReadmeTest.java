package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Proxying;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the server of the README unchanged, but on another port; it echoes what it receives. */
class ReadmeTest {
    /**
     * The method that the README leaves to the reader. A large piece takes long, so many of them keep the server busy.
     */
    private static final String REST = """
        import io.panamio.*;
        import io.panamio.net.*;
        import java.io.IOException;
        import java.lang.foreign.*;
        import java.net.InetSocketAddress;
        import java.time.Duration;
        import java.util.*;
        import java.util.concurrent.locks.LockSupport;

        class Readme {
            public static void main(String[] args) throws IOException {
                Server server = new Server();
                System.out.println("listening");
                server.run();
            }

            static void received(TcpStream stream, MemorySegment bytes) throws IOException {
                if (bytes.byteSize() > 1000) {
                    LockSupport.parkNanos(500_000);
                } else if (bytes.get(ValueLayout.JAVA_BYTE, 0) == '!') {
                    throw new IllegalStateException("a fault of the reader's");
                } else {
                    stream.write(bytes);
                }
            }
        }

        """;

    @TempDir
    private Path directory;
    private Programs programs;
    private Program server;
    private int port;
    private final List<Socket> sockets = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        assumeTrue(ModuleFinder.ofSystem().find("jdk.compiler").isPresent(), "this JVM has no compiler");
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(
            Files.readString(Child.BASE.resolve("README.md")));
        assertTrue(block.find());
        port = Programs.freePort();
        String code = block.group(1).replace("7000", Integer.toString(port)).replace(" received(", " Readme.received(");
        Path source = Files.writeString(directory.resolve("Readme.java"), REST + code);
        programs = new Programs(directory);
        server = programs.start(Programs.javaCommand(List.of("-cp", Programs.library().toString(), source.toString())));
        server.awaitOutput("listening");
    }

    @AfterEach
    void stop() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        if (programs != null) {
            programs.close();
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(Loop.V4, port);
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        sockets.add(socket);
        return socket;
    }

    private void ping(Socket socket) throws IOException {
        byte[] bytes = "ping".getBytes();
        socket.getOutputStream().write(bytes);
        byte[] back = new byte[bytes.length];
        try {
            new DataInputStream(socket.getInputStream()).readFully(back);
        } catch (IOException e) {
            throw new AssertionError(server.output(), e);
        }
        assertArrayEquals(bytes, back);
        assertTrue(server.process().isAlive());
    }

    @Test
    void othersAreServedWhileOneClientFloods() throws Exception {
        Socket other = connect();
        ping(other);
        Socket flood = connect();
        Future<?> sends = Background.start(() -> {
            byte[] piece = new byte[1 << 20];
            for (;;) {
                flood.getOutputStream().write(piece);
            }
        });
        long start = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            ping(other);
        }
        ping(connect());
        assertTrue(System.nanoTime() - start < Loop.LONG.toNanos() / 12, "others wait");
        assertTrue(!sends.isDone());
        programs.close(); // under qemu, the JDK cannot close a socket in which another thread is blocked
        Loop.until("the flood has ended", sends::isDone);
    }

    @Test
    void theServerSurvivesResetsFaultsAndEnds() throws Exception {
        Socket other = connect();
        for (int i = 0; i < 3; i++) {
            Socket one = connect();
            ping(one);
            one.getOutputStream().write(new byte[10]);
            Proxying.reset(one);
            ping(other);
            Socket two = connect();
            two.getOutputStream().write('!');
            assertEquals(-1, two.getInputStream().read());
            Socket three = connect();
            three.shutdownOutput();
            assertEquals(-1, three.getInputStream().read());
            ping(other);
        }
    }

    @Test
    void withoutDescriptorsConnectedClientsAreServedAndOthersLater() throws Exception {
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        Socket first = connect();
        ping(first);
        server.leaveDescriptors(2);
        List<Socket> more = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            more.add(connect());
        }
        ping(more.get(0));
        ping(more.get(1));
        ping(first);
        first.close();
        more.get(0).close();
        more.get(1).close();
        ping(more.get(2));
        ping(more.get(4));
    }
}
