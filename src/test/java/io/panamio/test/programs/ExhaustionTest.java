package io.panamio.test.programs;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.examples.Main;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Qemu;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The example servers, with a heap of 32 MB, when a limit of the process is lowered while they serve: they shed load,
 * and serve everyone once it is lifted. {@link ProgramFaultsTest} has further shortages.
 */
class ExhaustionTest {
    private static final Pattern SHORTAGE = Pattern.compile("EMFILE|ENOMEM|OutOfMemoryError|ResourceExhausted");
    private static final String[] WITHOUT_LOCKS =
        {"setpriv", "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock"}; // a privilege that lifts the limit

    @TempDir
    private Path directory;
    private Programs programs;
    /** The sockets to close after the test. */
    private final Queue<AutoCloseable> closeables = new ConcurrentLinkedQueue<>();

    /** An example server; each client of the last two takes a ring while its bytes wait. */
    enum Server {
        ECHO, PROXY, SERVE
    }

    @BeforeEach
    void open() {
        programs = new Programs(directory);
    }

    @AfterEach
    void close() throws Exception {
        programs.kill();
        for (AutoCloseable c; (c = closeables.poll()) != null;) {
            c.close();
        }
        programs.close();
    }

    private <C extends AutoCloseable> C later(C c) {
        closeables.add(c);
        return c;
    }

    /** A program that uses up the mappings that the system grants a process while a file exists, except a few. */
    static final class Mapped {
        private static final int FEW = 24;
        private static final int MOST = 1 << 20; // the array takes 8 MB

        private Mapped() {
        }

        public static void main(String[] args) {
            File file = new File(args[0]);
            Linker linker = Linker.nativeLinker();
            MethodHandle map = linker.downcallHandle(linker.defaultLookup().find("mmap").orElseThrow(),
                FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
            MethodHandle unmap = linker.downcallHandle(linker.defaultLookup().find("munmap").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
            long[] pages = new long[MOST];
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    await(file, true);
                    int n = 0;
                    while (n < MOST && (pages[n] = page(map, n)) != -1) {
                        n++;
                    }
                    for (int i = 0; i < FEW; i++) {
                        release(unmap, pages[--n]);
                    }
                    System.out.println("no mappings");
                    await(file, false);
                    while (n > 0) {
                        release(unmap, pages[--n]);
                    }
                    System.out.println("mappings again");
                } catch (Throwable t) {
                    throw new AssertionError(t);
                }
            });
            Main.main(Arrays.copyOfRange(args, 1, args.length));
        }

        /** Maps a page; neighbours differ in what they permit, so that they are not merged. */
        private static long page(MethodHandle map, int n) throws Throwable {
            return (long) map.invokeExact(MemorySegment.NULL, 4096L, n % 2, 0x22, -1, 0L); // private, anonymous
        }

        private static void release(MethodHandle unmap, long page) throws Throwable {
            int done = (int) unmap.invokeExact(page, 4096L);
            if (done != 0) {
                throw new AssertionError("munmap");
            }
        }

        private static void await(File file, boolean exists) {
            while (file.exists() != exists) {
                LockSupport.parkNanos(10_000_000);
            }
        }
    }

    // ---- servers and clients

    private record Running(Server server, Program program, int port) {
    }

    private Running start(Server server, Class<?> main, String... before) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(before));
        arguments.addAll(switch (server) {
            case ECHO -> List.of("echo", "--host", "127.0.0.1", "--port", "0");
            case PROXY -> List.of("proxy", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:" + echo(), "--mode", "ring");
            case SERVE -> List.of("serve", folder().toString(), "--host", "127.0.0.1", "--port", "0", "--no-log",
                "--idle-time", "300", "--request-time", "300");
        });
        List<String> options = new ArrayList<>(List.of("-Xms32m", "-Xmx32m"));
        if (main != Main.class) {
            options.add("-Xint"); // a JIT compiler without memory would end the JVM
        }
        Program program = programs.example(options, main, arguments.toArray(String[]::new));
        return new Running(server, program, program.port());
    }

    private Path folder() throws IOException {
        Path folder = Files.createDirectories(directory.resolve("www"));
        Files.writeString(folder.resolve("a.txt"), "within");
        return folder;
    }

    /** An echo server of the JDK, with a thread for each client. */
    private int echo() throws IOException {
        ServerSocket server = later(new ServerSocket(0, 1000, Loop.V4));
        Background.echo(server, this::later);
        return server.getLocalPort();
    }

    private Socket connect(Running running) throws IOException {
        Socket socket = later(new Socket(Loop.V4, running.port));
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        return socket;
    }

    /** Makes a client ask, and compares the answer; false if the server has dropped the client. */
    private static boolean ask(Running running, Socket socket) throws IOException {
        try {
            if (running.server != Server.SERVE) {
                byte[] bytes = Local.random(100);
                socket.getOutputStream().write(bytes);
                byte[] back = socket.getInputStream().readNBytes(100);
                assertArrayEquals(Arrays.copyOf(bytes, back.length), back);
                return back.length == 100;
            }
            socket.getOutputStream().write("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n".getBytes());
            String answer = "";
            while (!answer.endsWith("\r\n\r\nwithin")) {
                int b = socket.getInputStream().read();
                if (b < 0 || answer.startsWith("HTTP/1.1 50")) {
                    return false;
                }
                answer += (char) b;
            }
            return true;
        } catch (SocketException e) {
            return false;
        }
    }

    /** Connects a client for which the server has to keep memory: its request is not complete, or it does not read. */
    private void burden(Running running) throws IOException {
        SocketChannel channel = later(SocketChannel.open());
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
        channel.connect(new InetSocketAddress(Loop.V4, running.port));
        channel.configureBlocking(false);
        ByteBuffer bytes = running.server == Server.SERVE ? ByteBuffer.wrap("GET /a.txt HTTP/1.1\r\n".getBytes())
            : ByteBuffer.allocate(1 << 18);
        long start = System.nanoTime();
        try {
            do {
                while (channel.write(bytes) > 0) {
                    start = System.nanoTime();
                }
                bytes.rewind();
            } while (running.server != Server.SERVE && System.nanoTime() - start < 20_000_000);
        } catch (IOException e) {
            return; // dropped
        }
    }

    // ---- limits

    /** Lowers or lifts a limit. */
    private interface Change {
        void apply(Running running) throws IOException;
    }

    /** Lowers a limit, lets clients come until the shortage shows, and lifts it. */
    private void outlives(Running running, boolean oldOnesStay, Change lower, Change lift) throws IOException {
        for (int i = 0; i < 100; i++) { // loads and links everything beforehand
            try (Socket one = connect(running)) {
                assertTrue(ask(running, one));
                one.setSoLinger(i % 2 == 0, 0);
            }
        }
        List<Socket> old = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            old.add(connect(running));
            assertTrue(ask(running, old.getLast()));
        }
        lower.apply(running);
        int[] clients = {0};
        Loop.until("a shortage", () -> {
            if (clients[0]++ < 500) {
                burden(running);
            }
            return SHORTAGE.matcher(running.program.output()).find() || !running.program.process().isAlive();
        });
        for (Socket one : old) {
            boolean answered = ask(running, one);
            assertTrue(answered || !oldOnesStay);
        }
        running.program.assertIdle();
        lift.apply(running);
        assertTrue(ask(running, connect(running)), "no recovery");
        for (Socket one : old) {
            one.close();
        }
        running.program.assertIdle();
        assertTrue(ask(running, connect(running)));
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    void withSixtyFourDescriptorsOthersWait(Server server) throws IOException {
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        Behaviour.DESCRIPTORS_ARE_UNLIMITED.skip();
        outlives(start(server, Main.class), true, running -> running.program.limit("nofile", 64),
            running -> running.program.limit("nofile", 1024));
    }

    /** A JVM may end itself for lack of memory: that is repeated, and then skipped. */
    private void outlivesWithTheJvm(Server server, Class<?> main, Path file, Change lower, Change lift)
            throws IOException {
        for (int tries = 1; tries <= 3; tries++) {
            Files.deleteIfExists(file);
            Running running = main == Mapped.class ? start(server, main, file.toString()) : start(server, main);
            try {
                outlives(running, false, lower, lift);
                return;
            } catch (IOException | AssertionError e) {
                if (!running.program.output().contains("insufficient memory for the Java Runtime Environment")) {
                    throw new AssertionError(running.program.output(), e);
                }
            }
        }
        abort("the JVM itself does not outlive this");
    }

    @Test
    @Tag("any-platform")
    void withoutAddressSpaceEchoDropsClients() throws IOException {
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
        Programs.require("prlimit");
        Qemu.lacks("a memory limit for the program alone");
        outlivesWithTheJvm(Server.ECHO, ProgramFaultsTest.Roomy.class, directory.resolve("none"),
            running -> running.program.limit("as", running.program.bytes("VmSize") + (512 << 10)),
            running -> running.program.limit("as", 1L << 46));
    }

    @Test
    @Tag("any-platform")
    void withoutMappingsTheProxyDropsClients() throws IOException {
        Programs.requireFile("/proc/sys/vm/max_map_count");
        Qemu.lacks("a limit on mappings");
        Path file = directory.resolve("full");
        outlivesWithTheJvm(Server.PROXY, Mapped.class, file, running -> {
            Files.createFile(file);
            running.program.awaitOutput("no mappings");
        }, running -> {
            Files.delete(file);
            running.program.awaitOutput("mappings again");
        });
    }

    /** Pages that are sent without a copy count as locked: without room for them, the bytes are copied. */
    @Test
    @Tag("any-platform")
    void withoutLockedMemoryZeroCopyCopies() throws IOException {
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
        Loop.assume(Feature.ZERO_COPY);
        Qemu.lacks("SO_ZEROCOPY");
        Programs.require("setpriv", "prlimit");
        byte[] bytes = Local.random(5_000_000);
        Path path = Files.write(directory.resolve("file"), bytes);
        List<String> command = new ArrayList<>(List.of(WITHOUT_LOCKS));
        command.addAll(List.of(programs.exampleCommand(List.of("-Xmx32m"), Main.class, "send", path.toString(),
            "--host", "127.0.0.1", "--port", "0", "--by", "zerocopy")));
        Program send = programs.start(command.toArray(String[]::new));
        int port = send.port();
        for (long limit : new long[] {8 << 20, 0, 8 << 20}) {
            send.limit("memlock", limit);
            try (Socket client = new Socket(Loop.V4, port)) {
                assertArrayEquals(bytes, client.getInputStream().readAllBytes());
            }
        }
        Pattern sends = Pattern.compile("5000000 bytes, .*s, (\\d+) zero-copy sends");
        Loop.until("reported", () -> sends.matcher(send.output()).results().count() == 3);
        List<Boolean> none = sends.matcher(send.output()).results().map(m -> m.group(1).equals("0")).toList();
        assertEquals(List.of(false, true, false), none, send.output());
    }

    /** The log is on a file system of 128 KiB, which a file fills almost at first. */
    @Test
    @Tag("any-platform")
    void aFullDiskUnderTheLogDelaysNothingAndCutsOffOneLine() throws IOException {
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
        Programs.require("unshare");
        Path small = Files.createDirectories(directory.resolve("small"));
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=128k "
            + "none \"$0\" && dd if=/dev/zero of=\"$0/filler\" bs=1k count=104 2> /dev/null && exec \"$@\"",
            small.toString()));
        command.addAll(List.of(programs.exampleCommand(List.of("-Xmx32m"), Main.class, "serve", folder().toString(),
            "--host", "127.0.0.1", "--port", "0", "--log", small.resolve("log").toString())));
        Program program = programs.start(command.toArray(String[]::new));
        Loop.until("started", () -> program.output().contains("serving") || !program.process().isAlive());
        assumeTrue(!program.output().contains("unshare failed"), "no namespaces for this user");
        Running running = new Running(Server.SERVE, program, program.port());
        Path inside = Path.of("/proc/" + program.process().pid() + "/root" + small);
        Socket client = connect(running);
        Loop.until("full", () -> {
            assertTrue(ask(running, client));
            return program.output().contains("lines were dropped: No space left on device");
        });
        program.assertIdle();
        Files.delete(inside.resolve("filler"));
        Path log = inside.resolve("log");
        long full = Files.size(log);
        Loop.until("logged", () -> {
            assertTrue(ask(running, client));
            return Files.size(log) > full;
        });
        Pattern line = Pattern.compile(
            "127\\.0\\.0\\.1 - - \\[[^\\[\\]]+\\] \"GET /a.txt HTTP/1.1\" 200 6 \"-\" \"-\"");
        String[] lines = Files.readString(log).split("\n");
        List<String> others = Arrays.stream(lines).filter(l -> !line.matcher(l).matches()).toList();
        assertTrue(others.size() <= 1 && lines.length > 100, others.toString());
        for (String other : others) {
            assertTrue(lines[0].length() > other.length() && "127.0.0.1 ".startsWith(other.substring(0,
                Math.min(10, other.length()))), other);
        }
    }
}
