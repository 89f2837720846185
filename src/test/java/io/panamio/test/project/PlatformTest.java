package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Events;
import io.panamio.Poll;
import io.panamio.SystemError;
import io.panamio.Waker;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Behaviour that depends on the options of the JVM, each in a JVM of its own. */
class PlatformTest {
    // ---- unsupported systems

    /** Calls every entry point, and prints the outcome of each in a line. */
    static final class EntryPoints {
        private EntryPoints() {
        }

        /** A call that must fail. */
        private interface Call {
            Object make() throws IOException;
        }

        public static void main(String[] args) {
            List<Call> calls = List.of(Poll::open, Poll::open, () -> Events.withCapacity(1),
                () -> TcpStream.connect(new InetSocketAddress(Loop.V4, 1)),
                () -> TcpListener.bind(new InetSocketAddress(Loop.V4, 0)),
                () -> TcpStream.fromFd(0));
            for (Call call : calls) {
                try {
                    System.out.println("no failure: " + call.make());
                } catch (Throwable t) {
                    System.out.println(t);
                }
            }
        }
    }

    /** Asserts that every entry point throws for the same reason, which contains all of {@code names}. */
    private static void assertUnsupported(Child child, String... names) throws Exception {
        List<String> lines = child.run(EntryPoints.class).ok().lines().toList();
        assertEquals(6, lines.size());
        for (String line : lines) {
            assertTrue(line.startsWith("java.lang.UnsupportedOperationException: "), line);
            for (String name : names) {
                assertTrue(line.contains(name), line);
            }
        }
    }

    @Test
    @Tag("any-platform")
    void anUnknownSystemIsRefusedByName() throws Exception {
        assertUnsupported(new Child().with("-Dos.name=Plan 9"), "Panamio does not support Plan 9", "it supports",
            "Linux", "macOS", "FreeBSD", "Windows", "x86-64", "aarch64", "loongarch64");
    }

    @Test
    @Tag("any-selector")
    void anUnknownProcessorIsRefusedByName() throws Exception {
        assertUnsupported(new Child().with("-Dos.arch=sparcv9"), System.getProperty("os.name"), "sparcv9", "x86_64",
            "aarch64");
    }

    @Test
    void anUnknownSelectorIsRefusedWithTheChoices() throws Exception {
        assertUnsupported(new Child().with("-Dpanamio.selector=nonsense"), "nonsense", "panamio.selector",
            Behaviour.ERRORS_ARE_WINSOCKS.isHere() ? "afd" : Behaviour.SELECTOR_IS_EPOLL.isHere() ? "epoll" : "kqueue");
    }

    @Test
    @Tag("any-selector")
    void aJarForAnotherSystemIsRefused(@TempDir Path slim) throws Exception {
        Path all = Child.CLASSES.resolve("io/panamio/sys");
        try (Stream<Path> files = Files.walk(Child.CLASSES)) {
            for (Path file : files.toList()) {
                boolean isPlatforms = file.startsWith(all) && file.getNameCount() > all.getNameCount() + 1;
                if (!isPlatforms && !file.startsWith(Child.CLASSES.resolve("io/panamio/bindings"))) {
                    Path copy = slim.resolve(Child.CLASSES.relativize(file).toString());
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(copy);
                    } else {
                        Files.copy(file, copy);
                    }
                }
            }
        }
        String message = "this jar of Panamio does not contain the code for " + System.getProperty("os.name");
        assertUnsupported(new Child().library(slim), message + ", but that for no system");
        String other = Behaviour.NUMBERS_ARE_LINUXS.isHere() ? "freebsd/FreebsdPlatform.class"
            : "linux/LinuxPlatform.class";
        Path there = Files.createDirectories(slim.resolve("io/panamio/sys/" + other).getParent());
        Files.copy(all.resolve(other), there.resolve(other.replaceFirst(".*/", "")));
        assertUnsupported(new Child().library(slim), message + ", but that for " + other.replaceFirst("/.*", ""));
    }

    /** A test library may itself depend on the C library, as one that injects faults does. */
    private static Path anotherLibrary() throws IOException {
        String root = System.getenv("SystemRoot");
        if (root != null) {
            return Path.of(root, "system32", "version.dll");
        }
        String arch = System.getProperty("os.arch").replace("amd64", "x86_64");
        for (String folder : List.of("/lib/" + arch + "-linux-gnu", "/lib64", "/usr/lib")) {
            Path library = Path.of(folder, "libm.so.6");
            if (Files.exists(library)) {
                return library.toRealPath();
            }
        }
        return null;
    }

    @Test
    void aFunctionMissingInATestLibraryIsNotTakenFromTheSystem() throws Exception {
        Path library = anotherLibrary();
        assumeTrue(library != null, "no glibc here");
        Child child = new Child().with("-Dpanamio.test.library=" + library);
        String first = child.run(EntryPoints.class).ok().lines().toList().getFirst();
        assertTrue(first.matches("java.lang.UnsatisfiedLinkError: (the C library|\\w+\\.dll) has no \\w+"), first);
    }

    @Test
    void anUnknownTestPlatformIsRefused() throws Exception {
        assertUnsupported(new Child().with("-Dpanamio.test.platform=nonsense"), "does not support nonsense");
    }

    /** Tools that remove unreferenced classes, such as minimizeJar, read this file. */
    @Test
    void everyPlatformIsListedAsAService() throws Exception {
        Set<String> platforms = new TreeSet<>();
        try (Stream<Path> all = Files.walk(Child.CLASSES.resolve("io/panamio/sys"), 2)) {
            for (Path file : all.filter(f -> f.toString().endsWith("Platform.class")).toList()) {
                String name = Child.CLASSES.relativize(file).toString().replace(".class", "")
                    .replace(File.separatorChar, '.');
                Class<?> platform = Class.forName(name, false, Child.class.getClassLoader());
                if (!Modifier.isAbstract(platform.getModifiers())) {
                    platforms.add(name);
                }
            }
        }
        Path services = Child.CLASSES.resolve("META-INF/services/io.panamio.sys.Platform");
        assertEquals(List.copyOf(platforms), Files.readAllLines(services));
    }

    // ---- native access

    /** Sends a message through an event loop, with everything that commonly links a native function. */
    static final class Echo {
        private Echo() {
        }

        public static void main(String[] args) throws IOException {
            try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
                Waker waker = Waker.open(loop.poll.registry(), 3);
                waker.wake();
                TcpStream[] pair = loop.pair();
                loop.register(pair[0], 1, Loop.RW);
                loop.register(pair[1], 2, Loop.RW);
                MemorySegment message = arena.allocateFrom("echo");
                pair[0].write(message);
                loop.next(3);
                byte[] got = new byte[5];
                Loop.awaitRead(pair[1], got);
                pair[1].writeVectored(MemorySegment.ofArray(got), message);
                MemorySegment answer = pair[0].arena().allocate(10);
                Loop.until("answered", () -> pair[0].peek(answer) == 10);
                pair[0].readVectored(answer.asSlice(0, 5), answer.asSlice(5));
                System.out.print(answer.getString(5));
            }
        }
    }

    @Test
    void withNativeAccessNothingIsPrinted() throws Exception {
        Child child = new Child();
        if (Runtime.version().feature() >= 24) {
            child.with("--illegal-native-access=deny");
        }
        Child.End end = child.run(Echo.class);
        assertEquals("", end.err());
        assertEquals("echo", end.ok());
    }

    @Test
    void deniedNativeAccessIsReportedAsTheReason() throws Exception {
        assumeTrue(Runtime.version().feature() >= 24, "native access can be denied since JDK 24");
        assertUnsupported(new Child().with("--illegal-native-access=deny").withoutNativeAccess(),
            "native access", "--enable-native-access=io.panamio");
        Child onClassPath = new Child().with("--illegal-native-access=deny").withoutNativeAccess().onClassPath();
        assertUnsupported(onClassPath, "native access", "--enable-native-access=ALL-UNNAMED");
    }

    // ---- resets by the peer

    /** Writes to connections that were reset, and prints the name of each failure and the depth of its stack trace. */
    static final class Resets {
        private Resets() {
        }

        /** A write of some kind. */
        private interface Write {
            long write(TcpStream stream) throws IOException;
        }

        public static void main(String[] args) throws IOException {
            if (!args[0].isEmpty()) {
                NativeCalls.restoreDefaultSigpipe();
            }
            byte[] bytes = new byte[8];
            MemorySegment segment = Arena.ofAuto().allocate(8);
            MemorySegment[] parts = {segment, MemorySegment.ofArray(bytes), segment, segment};
            Write array = stream -> stream.write(bytes, 0, 8);
            Write alone = stream -> stream.write(segment);
            Write gather = stream -> stream.writeVectored(segment, segment);
            Write pieces = stream -> stream.writeVectored(parts);
            for (Write write : List.of(array, alone, gather, pieces)) {
                try (Loop loop = new Loop()) {
                    TcpStream stream = reset(loop);
                    fail(stream, write); // reports the reset
                    fail(stream, write); // a broken pipe from now on
                    fail(stream, write);
                    if (args[0].equals("die")) {
                        NativeCalls.writeByte(stream.fd());
                    }
                }
            }
        }

        private static TcpStream reset(Loop loop) throws IOException {
            Loop.Pair pair = loop.connected();
            pair.peer().setSoLinger(true, 0);
            pair.peer().close();
            loop.register(pair.stream(), 1, Loop.RW);
            while (!loop.next(1).contains("wc")) {
                Thread.onSpinWait();
            }
            return pair.stream();
        }

        private static void fail(TcpStream stream, Write write) {
            try {
                System.out.println("wrote " + write.write(stream));
            } catch (IOException e) {
                String name = e instanceof SystemError s ? s.errnoName() : e.toString();
                System.out.println(name + " " + (e.getStackTrace().length == 0 ? "bare" : "traced"));
            }
        }
    }

    private static final String TRACED = "ECONNRESET traced\nEPIPE traced\nEPIPE traced\n".repeat(4);

    @Test
    void aWriteToAResetConnectionThrowsAndRaisesNoSignal() throws Exception {
        Behaviour.SIGPIPE_IS_MISSING.skip();
        Child child = new Child().with("--enable-native-access=ALL-UNNAMED");
        assertEquals(TRACED, child.run(Resets.class, "live").ok());
    }

    @Test
    void anUnhandledSigpipeEndsTheProcess() throws Exception {
        Behaviour.SIGPIPE_IS_MISSING.skip();
        Child.End end = new Child().with("--enable-native-access=ALL-UNNAMED").run(Resets.class, "die");
        assertEquals(128 + 13, end.status(), end.toString());
    }

    @Test
    void underXrsAWriteToAResetConnectionLeavesTheJvmAlive() throws Exception {
        assertEquals(TRACED, new Child().with("-Xrs").run(Resets.class, "").ok());
    }

    @Test
    void resetsHaveNoStackTraceIfThePropertyIsSet() throws Exception {
        assertEquals(TRACED.replace("traced", "bare"),
            new Child().with("-Dpanamio.stacklessResets=true").run(Resets.class, "").ok());
    }
}
