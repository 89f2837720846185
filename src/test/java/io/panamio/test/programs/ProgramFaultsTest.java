package io.panamio.test.programs;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.Main;
import io.panamio.examples.log.LogFile;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.ForwardingLibrary;
import io.panamio.test.support.Heap;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Qemu;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.DataInputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The example servers survive the failure of any one client, and a lack of descriptors or memory. */
class ProgramFaultsTest {
    private static final int ENOMEM = 12;
    private static final int ECONNABORTED = 103;

    @TempDir
    private Path directory;
    private Programs programs;
    /** The resources to close after the test. */
    private final Queue<AutoCloseable> closeables = new ConcurrentLinkedQueue<>();

    /**
     * A program for which system calls fail. The arguments are the names of the calls, separated by commas, the error,
     * and the arguments of the program. A name may be followed by the index of an argument and the bits in it with
     * which the call fails.
     */
    static final class Faulty {
        private Faulty() {
        }

        public static void main(String[] args) {
            int errno = Integer.parseInt(args[1]);
            for (String name : args[0].split(",")) {
                String[] parts = name.split("/");
                SystemCall call = SystemCall.valueOf(parts[0]);
                if (parts.length == 1) {
                    Seccomp.refuse(call, errno);
                } else {
                    Seccomp.refuse(call, Integer.parseInt(parts[1]), Integer.parseInt(parts[2]), errno);
                }
            }
            Main.main(Arrays.copyOfRange(args, 2, args.length));
        }
    }

    /**
     * A program whose heap is full while a file exists. The arguments are the file and the arguments of the program.
     */
    static final class Full {
        private Full() {
        }

        public static void main(String[] args) {
            File file = new File(args[0]);
            byte[] full = "the heap is full\n".getBytes();
            byte[] empty = "the heap is empty\n".getBytes();
            FileOutputStream err = new FileOutputStream(FileDescriptor.err); // needs no heap memory
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    await(file, true);
                    Heap.fill();
                    err.write(full);
                    await(file, false);
                    Heap.free();
                    err.write(empty);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            Main.main(Arrays.copyOfRange(args, 1, args.length));
        }

        private static void await(File file, boolean exists) {
            for (;;) {
                try {
                    if (file.exists() == exists) {
                        return;
                    }
                    LockSupport.parkNanos(10_000_000);
                } catch (OutOfMemoryError e) {
                    continue;
                }
            }
        }
    }

    /** A program that logs while its heap is full, and afterwards. The argument is the file of the log. */
    static final class Logger {
        private static final Duration AT_MOST = Duration.ofSeconds(5);

        private Logger() {
        }

        public static void main(String[] args) throws IOException {
            LogFile log = LogFile.of(Path.of(args[0]));
            ByteBuffer large = ByteBuffer.allocateDirect(4 << 20); // more than is buffered
            ByteBuffer line = ByteBuffer.wrap("full\n".getBytes());
            log.write("before", new IOException());
            log.await(AT_MOST);
            Heap.fill();
            log.write(large, 1);
            log.write(line, 1); // reports afterwards that the large one was dropped, for which there is no memory
            log.await(AT_MOST);
            Heap.free();
            log.write("after");
            log.await(AT_MOST);
            System.exit(0);
        }
    }

    /** An example server. */
    enum Server {
        ECHO, PROXY
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

    // ---- common to all servers

    /** A listening program, and its port. */
    private record Running(Program program, int port) {
        static Running of(Program program) throws IOException {
            return new Running(program, program.port());
        }

        void assertRuns() throws IOException {
            assertTrue(program.process().isAlive(), program.output());
        }
    }

    private Running start(Server server, List<String> options, String... more) throws IOException {
        return start(server, options, Main.class, List.of(), more);
    }

    private Running start(Server server, List<String> options, Class<?> main, List<String> before, String... more)
            throws IOException {
        List<String> arguments = new ArrayList<>(before);
        if (server == Server.ECHO) {
            arguments.addAll(List.of("echo", "--host", "127.0.0.1", "--port", "0"));
        } else {
            arguments.addAll(List.of("proxy", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:" + echoOfTheJdk()));
        }
        arguments.addAll(List.of(more));
        return Running.of(programs.example(options, main, arguments.toArray(String[]::new)));
    }

    /** An echo server with a thread for each client. */
    private int echoOfTheJdk() throws IOException {
        ServerSocket server = later(new ServerSocket(0, 1000, Loop.V4));
        Background.echo(server, this::later);
        return server.getLocalPort();
    }

    private Socket connect(Running running) throws IOException {
        Socket socket = later(new Socket(Loop.V4, running.port));
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        return socket;
    }

    private static void ping(Socket socket) throws IOException {
        byte[] bytes = Local.random(100);
        socket.getOutputStream().write(bytes);
        byte[] back = new byte[bytes.length];
        new DataInputStream(socket.getInputStream()).readFully(back);
        assertArrayEquals(bytes, back);
    }

    // ---- urgent data

    /** A read stops at every urgent byte, and no further event reports the bytes after it. */
    @ParameterizedTest
    @EnumSource
    void urgentBytesDelayNothing(Server server) throws IOException {
        Running running = start(server, List.of());
        byte[] bytes = Local.random(20);
        for (int at = 0; at <= bytes.length; at++) {
            try (Socket socket = connect(running)) {
                socket.setTcpNoDelay(true);
                socket.getOutputStream().write(bytes, 0, at);
                socket.sendUrgentData('!');
                socket.getOutputStream().write(bytes, at, bytes.length - at);
                assertArrayEquals(bytes, socket.getInputStream().readNBytes(bytes.length), "at " + at);
                ping(socket);
            }
        }
        running.program.assertIdle();
    }

    // ---- memory

    /**
     * A program with room for what its JVM allocates in the meantime: free chunks of the C library's heap, each smaller
     * than what the program allocates for a client.
     */
    static final class Roomy {
        private static final int PIECES = 512;
        private static final long SIZE = 32_752; // fits the largest chunk of the JVM's own arenas, but not 32 KiB more

        private Roomy() {
        }

        public static void main(String[] args) throws Throwable {
            Linker linker = Linker.nativeLinker();
            MethodHandle malloc = linker.downcallHandle(linker.defaultLookup().find("malloc").orElseThrow(),
                FunctionDescriptor.of(ADDRESS, JAVA_LONG));
            MethodHandle free = linker.downcallHandle(linker.defaultLookup().find("free").orElseThrow(),
                FunctionDescriptor.ofVoid(ADDRESS));
            MemorySegment[] pieces = new MemorySegment[PIECES];
            for (int i = 0; i < PIECES; i++) {
                pieces[i] = (MemorySegment) malloc.invokeExact(SIZE);
            }
            for (int i = 0; i < PIECES; i += 2) { // the others prevent coalescing
                free.invokeExact(pieces[i]);
            }
            Main.main(args);
        }
    }

    /** Clients that send and do not read make a server buffer bytes until it has no memory left. */
    @ParameterizedTest
    @EnumSource
    void exhaustedNativeMemoryEndsOnlyOneClient(Server server) throws Exception {
        Programs.require("prlimit");
        Qemu.lacks("a memory limit for the program alone");
        String[] more = server == Server.PROXY ? new String[] {"--mode", "copy"} : new String[0];
        List<String> options = List.of("-Xint", "-Xms64m"); // a JIT compiler without memory would end the JVM
        for (int tries = 1;; tries++) {
            Running running = start(server, options, Roomy.class, List.of(), more);
            try {
                exhaustMemory(running);
                return;
            } catch (IOException | AssertionError e) {
                String itself = "insufficient memory for the Java Runtime Environment"; // then repeat
                if (tries == 5 || !running.program.output().contains(itself)) {
                    throw new AssertionError("try " + tries + ": " + running.program.output(), e);
                }
            }
        }
    }

    private void exhaustMemory(Running running) throws IOException {
        Socket other = connect(running);
        ping(other);
        running.program.limit("data", running.program.bytes("VmData") + (256 << 10));
        int[] clients = {0};
        Loop.until("out of memory", () -> { // each try waits longer: the program may be slow
            fill(connectSlow(running), 20_000_000L << clients[0]++ / 30);
            return running.program.output().contains("OutOfMemoryError");
        });
        ping(other);
        ping(connect(running));
        running.assertRuns();
    }

    /** A new client may be dropped or served later, perhaps without a message, for lack of memory. */
    @ParameterizedTest
    @EnumSource
    void aFullHeapEndsNoServer(Server server) throws Exception {
        Path full = directory.resolve("full");
        Running running = start(server, List.of("-Xmx16m"), Full.class, List.of(full.toString()));
        for (int i = 0; i < 100; i++) { // loads and links everything beforehand
            try (Socket one = connect(running)) {
                ping(one);
                one.setSoLinger(i % 2 == 0, 0);
            }
        }
        Files.createFile(full);
        running.program.awaitOutput("the heap is full");
        for (int i = 0; i < 20; i++) {
            connect(running).getOutputStream().write(1);
        }
        Duration before = running.program.cpu();
        Loop.until("tries", () -> !running.program.process().isAlive()
            || running.program.cpu().minus(before).compareTo(Duration.ofMillis(100)) > 0);
        running.assertRuns();
        Files.delete(full);
        running.program.awaitOutput("the heap is empty");
        ping(connect(running));
        running.assertRuns();
    }

    @Test
    @Tag("any-selector")
    void aFullHeapEndsNoLog() throws IOException {
        Path log = directory.resolve("log");
        Program logger = programs.example(List.of("-Xmx16m"), Logger.class, log.toString());
        assertEquals(0, logger.end(), logger.output());
        assertEquals(List.of("before: java.io.IOException", "full", "after"), Files.readAllLines(log));
        assertTrue(logger.output().contains("log: 1 lines were dropped"), logger.output());
    }

    /** As above, for {@code serve}; a client connected before is answered or disconnected soon after. */
    @Test
    void aFullHeapLeavesNoClientOfServeWaiting() throws Exception {
        Path full = directory.resolve("full");
        Path folder = Files.createDirectories(directory.resolve("www"));
        Files.writeString(folder.resolve("a.txt"), "within");
        Running running = Running.of(programs.example(List.of("-Xmx16m"), Full.class, full.toString(), "serve",
            folder.toString(), "--host", "127.0.0.1", "--port", "0", "--no-log"));
        for (int i = 0; i < 100; i++) {
            try (Socket one = connect(running)) {
                assertTrue(ask(one));
            }
        }
        List<Socket> old = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            old.add(connect(running));
            assertTrue(ask(old.getLast()));
        }
        Files.createFile(full);
        running.program.awaitOutput("the heap is full");
        for (Socket one : old.subList(0, 20)) {
            send(one);
        }
        long start = System.nanoTime();
        Loop.until("answered, or a while is over: a client may be dropped instead", () -> {
            for (Socket one : old.subList(0, 20)) {
                if (one.getInputStream().available() == 0) {
                    return System.nanoTime() - start > 500_000_000;
                }
            }
            return true;
        });
        running.assertRuns();
        Files.delete(full);
        running.program.awaitOutput("the heap is empty");
        for (Socket one : old) {
            one.setSoTimeout(10_000); // shorter than the timeouts of serve
            try {
                if (old.indexOf(one) >= 20) {
                    send(one);
                }
                one.getInputStream().read();
            } catch (SocketException e) {
                continue; // dropped
            }
        }
        assertTrue(ask(connect(running)));
        running.assertRuns();
    }

    private static void send(Socket socket) throws IOException {
        socket.getOutputStream().write("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n".getBytes());
    }

    private static boolean ask(Socket socket) throws IOException {
        send(socket);
        return socket.getInputStream().read(new byte[4096]) > 0;
    }

    private SocketChannel connectSlow(Running running) throws IOException {
        SocketChannel channel = later(SocketChannel.open());
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
        channel.connect(new InetSocketAddress(Loop.V4, running.port));
        return channel;
    }

    /** Sends until nothing more is accepted for the given time. */
    private static void fill(SocketChannel channel, long nanos) throws IOException {
        channel.configureBlocking(false);
        ByteBuffer piece = ByteBuffer.allocateDirect(1 << 18);
        long[] last = {System.nanoTime()};
        Loop.until("full", () -> {
            try {
                if (channel.write(piece.rewind()) > 0) {
                    last[0] = System.nanoTime();
                }
                return System.nanoTime() - last[0] > nanos;
            } catch (IOException e) {
                return true; // dropped
            }
        });
    }

    // ---- descriptors

    @ParameterizedTest
    @EnumSource
    void withoutDescriptorsConnectedClientsAreServedAndOthersLater(Server server) throws Exception {
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        Behaviour.DESCRIPTORS_ARE_UNLIMITED.skip();
        Running running = start(server, List.of(), "--max-connections", "1000");
        Socket first = connect(running);
        ping(first);
        running.program.leaveDescriptors(server == Server.ECHO ? 2 : 5);
        List<Socket> more = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            more.add(connect(running));
        }
        ping(more.get(0));
        ping(more.get(1));
        running.program.awaitOutput("EMFILE");
        running.program.assertIdle();
        ping(first);
        first.close();
        for (Socket socket : more) {
            ping(socket);
            socket.close();
        }
        ping(connect(running));
    }

    /** In a folder, each class takes a descriptor to be loaded, and some are first needed for a large burst. */
    @ParameterizedTest
    @EnumSource
    void withoutDescriptorsForClassesOnlyOneClientEnds(Server server) throws Exception {
        Behaviour.DESCRIPTORS_ARE_UNLIMITED.skip();
        programs = new Programs(directory, Child.CLASSES);
        Running running = start(server, List.of());
        SocketChannel one = connectSlow(running);
        Socket other = connect(running);
        ping(one.socket());
        ping(other);
        running.program.leaveDescriptors(0);
        fill(one, 100_000_000);
        ping(other);
        running.program.assertIdle();
        running.program.limit("nofile", 1000);
        ping(connect(running));
    }

    /** poll(2), which takes all sources in each call, rejects more of them than the process may have descriptors. */
    @ParameterizedTest
    @EnumSource
    void aFailedWaitIsRetried(Server server) throws Exception {
        Behaviour.DESCRIPTORS_ARE_UNLIMITED.skip();
        Running running = start(server, List.of());
        Socket socket = connect(running);
        ping(socket);
        running.program.limit("nofile", 1);
        socket.getOutputStream().write(1);
        boolean fails = !Loop.hasEdges() && Behaviour.POLL_HAS_THE_LIMIT_OF_DESCRIPTORS.isHere();
        if (fails) {
            running.program.awaitOutput("no events for now");
            running.program.assertIdle();
            running.program.limit("nofile", 1000);
        }
        assertEquals(1, socket.getInputStream().read());
        running.program.limit("nofile", 1000);
        ping(socket);
        ping(connect(running));
    }

    @Test
    void clientsBeyondTheLimitWaitUntilOneHasEnded() throws Exception {
        Running running = start(Server.ECHO, List.of(), "--max-connections", "2");
        Socket first = connect(running);
        Socket second = connect(running);
        ping(first);
        ping(second);
        Socket third = connect(running);
        third.getOutputStream().write(3);
        third.setSoTimeout((int) Loop.SHORT.toMillis());
        assertThrows(SocketTimeoutException.class, () -> third.getInputStream().read());
        running.program.assertIdle();
        third.setSoTimeout((int) Loop.LONG.toMillis());
        ping(second);
        first.close();
        assertEquals(3, third.getInputStream().read());
    }

    /**
     * An option that makes a call fail as if no descriptor was left, while a file exists. When "count" is received, the
     * numbers of failures and of waits so far are printed.
     */
    private String exhausted(String call, Path full) throws IOException, InterruptedException {
        return library("accept accept4 socket recv " + ForwardingLibrary.WAITS, """
            static int failures, waits_so_far;
            static int fails(const char *call) {
              if (strcmp(call, "%s") != 0 || access("%s", F_OK) != 0) {
                return 0;
              }
              failures++;
              errno = EMFILE;
              return 1;
            }
            int accept(int fd, void *address, void *length) {
              return fails("accept") ? -1 : ((int (*)(int, void *, void *)) real_accept)(fd, address, length);
            }
            int accept4(int fd, void *address, void *length, int flags) {
              return fails("accept") ? -1
                : ((int (*)(int, void *, void *, int)) real_accept4)(fd, address, length, flags);
            }
            int socket(int family, int type, int protocol) {
              return fails("socket") ? -1 : ((int (*)(int, int, int)) real_socket)(family, type, protocol);
            }
            ssize_t recv(int fd, void *to, size_t room, int flags) {
              ssize_t n = ((ssize_t (*)(int, void *, size_t, int)) real_recv)(fd, to, room, flags);
              if (n > 0 && memmem(to, n, "count", 5) != NULL) {
                dprintf(2, "%%d failures, %%d waits\\n", failures, waits_so_far);
              }
              return n;
            }
            """.formatted(call, full) + ForwardingLibrary.waiting("waits_so_far++;"));
    }

    /** Returns the numbers of failures and waits. */
    private static int[] counts(Running running, Socket client) throws IOException {
        Pattern line = Pattern.compile("(\\d+) failures, (\\d+) waits\\R");
        long before = line.matcher(running.program.output()).results().count();
        client.getOutputStream().write("count".getBytes());
        Loop.until("counted", () -> line.matcher(running.program.output()).results().count() > before);
        int[] counts = new int[2];
        line.matcher(running.program.output()).results().forEach(m -> {
            counts[0] = Integer.parseInt(m.group(1));
            counts[1] = Integer.parseInt(m.group(2));
        });
        return counts;
    }

    /** As no event reports that a descriptor is free again, the servers try every 100 ms. */
    @ParameterizedTest
    @CsvSource({"echo, accept", "proxy, accept", "proxy, socket", "send, accept"})
    void withoutDescriptorsABusyClientCausesNoMoreAttempts(String program, String call) throws Exception {
        Path full = directory.resolve("full");
        String option = exhausted(call, full);
        Running running = switch (program) {
            case "echo" -> start(Server.ECHO, List.of(option));
            case "proxy" -> start(Server.PROXY, List.of(option), "--mode", "copy");
            default -> send(option);
        };
        Socket busy = connect(running);
        counts(running, busy);
        long start = System.nanoTime();
        Files.createFile(full);
        Socket waiting = connect(running);
        running.program.awaitOutput("EMFILE");
        int failures = 0;
        for (int i = 0; i < 100; i++) {
            failures = counts(running, busy)[0];
        }
        long intervals = (System.nanoTime() - start) / 100_000_000;
        assertTrue(failures <= intervals + 2, failures + " failures in " + intervals + " intervals");
        Files.delete(full);
        counts(running, waiting);
    }

    @Test
    void atTheLimitNothingWakesTheServerEvenIfItHadNoDescriptors() throws Exception {
        if (!Loop.hasEdges()) {
            Behaviour.POLL_LACKS_THE_END_OF_READING.skip();
        }
        Path full = directory.resolve("full");
        Running running = start(Server.ECHO, List.of(exhausted("accept", full)), "--max-connections", "2");
        Socket first = connect(running);
        ping(first);
        Files.createFile(full);
        Socket second = connect(running);
        running.program.awaitOutput("EMFILE");
        Files.delete(full);
        ping(second);
        connect(running);
        int before = counts(running, first)[1];
        running.program.assertIdle();
        int waits = counts(running, first)[1] - before;
        assertTrue(waits <= 3, waits + " waits");
    }

    // ---- others

    /** The arguments of each server, to which the tests below send nothing. */
    private static List<String> programs() {
        return List.of("echo --host 127.0.0.1 --port 0", "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1",
            "send file --host 127.0.0.1 --port 0");
    }

    private Running startFaulty(List<SystemCall> calls, int errno, String program) throws Exception {
        Seccomp.require();
        Files.createFile(directory.resolve("file"));
        String names = calls.stream().map(SystemCall::name).collect(Collectors.joining(","));
        return Running.of(programs.example(List.of(), Faulty.class, (names + " " + errno + " " + program).split(" ")));
    }

    @ParameterizedTest
    @MethodSource("programs")
    void aWaitWithoutMemoryIsRetried(String program) throws Exception {
        Running running = startFaulty(Seccomp.WAITS, ENOMEM, program);
        Pattern line = Pattern.compile(
            "no events for now: io\\.panamio\\.ResourceExhaustedException: .*\\(ENOMEM, errno 12\\)\\R");
        Loop.until("retried", () -> line.matcher(running.program.output()).results().count() > 1
            || !running.program.process().isAlive());
        running.program.assertIdle();
    }

    @ParameterizedTest
    @MethodSource("programs")
    void connectionsAbortedInTheQueueEndNothing(String program) throws Exception {
        Running running = startFaulty(List.of(SystemCall.ACCEPT4), ECONNABORTED, program);
        connect(running);
        running.program.awaitOutput("ECONNABORTED");
        running.program.assertIdle();
    }

    /** A splice of an odd number of bytes fails: the one out of the pipe, which contains the bytes by then. */
    @ParameterizedTest
    @Tag("any-selector")
    @CsvSource({"ENOMEM, 12", "ENOBUFS, 105"})
    void aSpliceThatFailsWithoutMemoryLosesNothingSilently(String name, int errno) throws Exception {
        Seccomp.require();
        Running running = start(Server.PROXY, List.of(), Faulty.class,
            List.of(SystemCall.SPLICE + "/4/1", Integer.toString(errno)), "--mode", "splice");
        Socket other = connect(running);
        int whole = 0;
        for (int size : new int[] {100, 101, 99_998, 100_001}) {
            Socket client = connect(running);
            byte[] bytes = Local.random(size);
            Background.start(() -> {
                client.getOutputStream().write(bytes);
                client.shutdownOutput();
                return null;
            });
            try {
                assertArrayEquals(bytes, client.getInputStream().readAllBytes(), name);
                whole++;
            } catch (SocketException e) {
                assertTrue(e.getMessage().contains("reset"), e.getMessage());
            }
            ping(other);
        }
        assertTrue(whole > 0, "nothing was passed on");
        running.program.assertIdle();
    }

    // ---- fairness

    /** An option for a library with functions that the examples call. */
    private String library(String replaced, String code) throws IOException, InterruptedException {
        return "-Dpanamio.test.library=" + ForwardingLibrary.replacing(directory, replaced, """
            #include <fcntl.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/types.h>
            #include <unistd.h>
            """ + code);
    }

    /**
     * An option that makes a client flood the server once it has sent "flood": the server receives those bytes
     * repeatedly, without end, and the client's socket is never full, as only the beginning of each send is delivered.
     * So an unbounded turn never ends.
     */
    private String flood() throws IOException, InterruptedException {
        return library("recv send sendfile " + ForwardingLibrary.WAITS, """
            static size_t received;
            static struct { size_t size; size_t at; char text[512]; } floods[1024];
            ssize_t recv(int fd, void *to, size_t room, int flags) {
              size_t from = 0;
              if (fd >= 1024 || floods[fd].size == 0) {
                ssize_t n = ((ssize_t (*)(int, void *, size_t, int)) real_recv)(fd, to, room, flags);
                if (fd >= 1024 || n <= 0 || memmem(to, n, "flood", 5) == NULL) {
                  return n;
                }
                size_t length = n < 512 ? n : 512;
                for (; floods[fd].size + length <= 512; floods[fd].size += length) {
                  memcpy(floods[fd].text + floods[fd].size, to, length);
                }
                from = n;
              }
              while (from < room) {
                size_t at = floods[fd].at % floods[fd].size;
                size_t n = floods[fd].size - at < room - from ? floods[fd].size - at : room - from;
                memcpy((char *) to + from, floods[fd].text + at, n);
                floods[fd].at = at + n;
                from += n;
              }
              received += room;
              if (received > (4 << 20) + (64 << 10) && received - room <= (4 << 20) + (64 << 10)) {
                dprintf(2, "more than two turns\\n");
              }
              return room;
            }
            ssize_t send(int fd, const void *from, size_t length, int flags) {
              int floods_it = fd < 1024 && floods[fd].size > 0;
              size_t size = floods_it && length > 16 ? 16 : length;
              ssize_t n = ((ssize_t (*)(int, const void *, size_t, int)) real_send)(fd, from, size, flags);
              return floods_it ? (ssize_t) length : n;
            }
            #if LINUX
            ssize_t sendfile(int to, int from, off_t *at, size_t count) {
              if (to >= 1024 || floods[to].size == 0) {
                return ((ssize_t (*)(int, int, off_t *, size_t)) real_sendfile)(to, from, at, count);
              }
              usleep(1000);
              *at += count;
              return count;
            }
            #elif MACOS
            int sendfile(int from, int to, off_t at, off_t *count, void *more, int flags) {
              if (to >= 1024 || floods[to].size == 0) {
                return ((int (*)(int, int, off_t, off_t *, void *, int)) real_sendfile)(from, to, at, count, more,
                  flags);
              }
              usleep(1000);
              return 0;
            }
            #else
            int sendfile(int from, int to, off_t at, size_t count, void *more, off_t *sent, int flags) {
              if (to >= 1024 || floods[to].size == 0) {
                return ((int (*)(int, int, off_t, size_t, void *, off_t *, int)) real_sendfile)(from, to, at, count,
                  more, sent, flags);
              }
              usleep(1000);
              *sent = count;
              return 0;
            }
            #endif
            """ + ForwardingLibrary.waiting("received = 0;"));
    }

    @ParameterizedTest
    @EnumSource
    void aFloodingClientDoesNotStarveOthers(Server server) throws Exception {
        String[] more = server == Server.PROXY ? new String[] {"--mode", "copy"} : new String[0];
        Running running = start(server, List.of(flood()), more);
        Socket other = connect(running);
        ping(other);
        Socket flooding = connect(running);
        flooding.getOutputStream().write("flood".getBytes());
        assertEquals(1000, flooding.getInputStream().readNBytes(1000).length);
        for (int i = 0; i < 5; i++) {
            ping(other);
        }
        ping(connect(running));
    }

    /** A turn receives at most as many bytes as it may send; the first event is followed by a second turn. */
    @ParameterizedTest
    @Tag("any-selector")
    @CsvSource({
        "a.txt, Content-Length: 1048448,", // uploads: head and body are 8192 times the request's 128 bytes
        "a.txt, Content-Length: 16256,", // each with its head in one read
        "a.txt, Transfer-Encoding: chunked, fff80//0//", // a chunk of 8191 times the request
        "a.txt, Content-Length: 9000000000000000000,", // refused, and then discarded for a while
        "large, X: x,"}) // large downloads
    void aFloodingClientOfServeDoesNotStarveOthers(String name, String header, String body) throws Exception {
        String end = "\r\n\r\n" + (body == null ? "" : body.replace("/", "\r\n"));
        String request = "GET /" + name + " HTTP/1.1\r\nHost: flood\r\n" + header + "\r\nX: ";
        request += "x".repeat(128 - request.length() - end.length()) + end;
        Running running = serve(flood());
        try (RandomAccessFile large = new RandomAccessFile(directory.resolve("www/large").toFile(), "rw")) {
            large.setLength(1 << 30);
        }
        Socket other = connect(running);
        assertTrue(ask(other));
        Socket flooding = connect(running);
        flooding.getOutputStream().write(request.getBytes());
        assertEquals("HTTP/1.1", new String(flooding.getInputStream().readNBytes(8)));
        for (int i = 0; i < 5; i++) {
            assertTrue(ask(other));
        }
        assertTrue(ask(connect(running)));
        assertFalse(running.program.output().contains("more than two turns"), running.program.output());
    }

    /** The example {@code serve} of a folder with one small file. */
    private Running serve(String option) throws IOException {
        Path folder = Files.createDirectories(directory.resolve("www"));
        Files.writeString(folder.resolve("a.txt"), "within");
        return Running.of(programs.example(List.of(option), Main.class, "serve", folder.toString(), "--host",
            "127.0.0.1", "--port", "0", "--no-log"));
    }

    /** The example {@code send} of a small file. */
    private Running send(String option) throws IOException {
        return Running.of(programs.example(List.of(option), Main.class, "send",
            Files.writeString(directory.resolve("a.txt"), "within").toString(), "--host", "127.0.0.1", "--port", "0"));
    }

    /** The loop is held while it accepts the second client, until all others wait. */
    @ParameterizedTest
    @Tag("any-selector")
    @ValueSource(strings = {"echo", "proxy", "send", "serve"})
    void clientsThatWaitToBeAcceptedDoNotDelayOthers(String program) throws Exception {
        int waiting = 120;
        Path go = directory.resolve("go");
        String option = library("accept accept4 recv", """
            static int accepted;
            static int counted(int client) {
              if (client >= 0 && ++accepted == 2) {
                dprintf(2, "held\\n");
                while (access("%s", F_OK) != 0) {
                  usleep(1000);
                }
              }
              return client;
            }
            int accept(int fd, void *address, void *length) {
              return counted(((int (*)(int, void *, void *)) real_accept)(fd, address, length));
            }
            int accept4(int fd, void *address, void *length, int flags) {
              return counted(((int (*)(int, void *, void *, int)) real_accept4)(fd, address, length, flags));
            }
            ssize_t recv(int fd, void *to, size_t room, int flags) {
              ssize_t n = ((ssize_t (*)(int, void *, size_t, int)) real_recv)(fd, to, room, flags);
              if (n > 0 && memmem(to, n, "count", 5) != NULL) {
                dprintf(2, "accepted %%d\\n", accepted);
              }
              return n;
            }
            """.formatted(go));
        Running running = switch (program) {
            case "echo" -> start(Server.ECHO, List.of(option));
            case "proxy" -> start(Server.PROXY, List.of(option), "--mode", "copy");
            case "serve" -> serve(option);
            default -> send(option);
        };
        Socket other = connect(running);
        switch (program) {
            case "serve" -> assertTrue(ask(other));
            case "send" -> assertEquals(6, other.getInputStream().readNBytes(6).length);
            default -> ping(other);
        }
        for (int i = 0; i < waiting; i++) {
            connect(running);
        }
        running.program.awaitOutput("held");
        other.getOutputStream().write("count".getBytes());
        Files.createFile(go);
        Pattern line = Pattern.compile("accepted (\\d+)\\R");
        Loop.until("received", () -> line.matcher(running.program.output()).find());
        Matcher m = line.matcher(running.program.output());
        assertTrue(m.find() && Integer.parseInt(m.group(1)) < waiting, m.group());
    }
}
