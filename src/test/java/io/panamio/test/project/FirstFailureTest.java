package io.panamio.test.project;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.SourceFd;
import io.panamio.SystemError;
import io.panamio.net.Pipe;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.Proc;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process whose first failures are caused by a lack of descriptors, with its classes in directories. */
class FirstFailureTest {
    private interface Call {
        Object run() throws Exception;
    }

    static final class Exhausted {
        private static final int RLIMIT_NOFILE = 7;
        private static final MethodHandle DUP = link("dup", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        private static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        private static final MethodHandle SETRLIMIT = link("setrlimit",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

        private static final Map<String, Call> CALLS = new LinkedHashMap<>();
        private static final Map<String, String> EXPECTED = new LinkedHashMap<>();

        @SuppressWarnings("restricted")
        private static MethodHandle link(String name, FunctionDescriptor descriptor) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
        }

        private static void setLimit(long limit) throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment limits = arena.allocate(JAVA_LONG, 2);
                limits.setAtIndex(JAVA_LONG, 0, limit);
                limits.setAtIndex(JAVA_LONG, 1, 4096);
                if ((int) SETRLIMIT.invokeExact(RLIMIT_NOFILE, limits) != 0) {
                    throw new AssertionError("setrlimit");
                }
            }
        }

        private static void expect(String call, String failure, Call how) {
            CALLS.put(call, how);
            EXPECTED.put(call, failure);
        }

        private static String failure(Call call) {
            try {
                Object result = call.run();
                if (result instanceof AutoCloseable opened) {
                    opened.close();
                }
                return "none: " + result;
            } catch (Throwable t) {
                return t instanceof SystemError e ? e.errnoName() : t.toString();
            }
        }

        private static void until(Call condition) throws Exception {
            for (long end = System.nanoTime() + 10_000_000_000L; !Boolean.TRUE.equals(condition.run());) {
                if (System.nanoTime() > end) {
                    throw new AssertionError("too long");
                }
                Thread.onSpinWait();
            }
        }

        private static TcpStream accept(TcpListener listener) throws Exception {
            TcpStream[] accepted = new TcpStream[1];
            until(() -> (accepted[0] = listener.accept()) != null);
            return accepted[0];
        }

        public static void main(String[] args) throws Throwable {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            Path file = Files.createTempFile("panamio", ".bytes");
            Path missing = Path.of(file + ".not");
            UnixAddress nobody = UnixAddress.ofPath(missing);
            int freePort;
            Poll poll = Poll.open();
            try (TcpListener gone = TcpListener.bind(any)) {
                freePort = gone.localAddress().getPort();
            }
            TcpListener listener = TcpListener.bind(any);
            InetSocketAddress there = listener.localAddress();

            // opens each kind of source once, without a failure
            Socket client = new Socket(there.getAddress(), there.getPort());
            TcpStream reset = accept(listener);
            poll.registry().register(reset, 1, Interest.READABLE);
            byte[] bytes = new byte[20_000];
            Pipe pipe = Pipe.open();
            pipe.sender().write(bytes, 0, 100);
            UnixStream[] pair = UnixStream.pair();
            pair[0].write(bytes, 0, 100);
            pair[1].read(bytes, 0, 100);
            UdpSocket udp = UdpSocket.bind(any);
            UdpSocket refusedUdp = UdpSocket.bind(any);
            UnixDatagram datagrams = UnixDatagram.unbound();
            UnixDatagram.bind(nobody).close();
            Files.delete(missing);
            SourceFd closed = new SourceFd(1 << 20);
            FileSource.open(file).close();
            Splice splice = new Splice(pipe.receiver(), pair[0], new PipePool());
            new Splice(pipe.receiver(), pair[0], new PipePool()).close();
            TcpStream refused = TcpStream.connect(new InetSocketAddress(any.getAddress(), freePort));

            // the calls that will fail
            client.setSoLinger(true, 0);
            client.close();
            refusedUdp.connect(new InetSocketAddress(any.getAddress(), freePort));
            refusedUdp.send(bytes, 0, 1);
            new Socket(there.getAddress(), there.getPort());

            expect("accept", "EMFILE", listener::accept);
            expect("connect", "EMFILE", () -> TcpStream.connect(there));
            expect("bind", "EMFILE", () -> UdpSocket.bind(any));
            expect("listen", "EMFILE", () -> TcpListener.bind(any));
            expect("socketpair", "EMFILE", UnixStream::pair);
            expect("pipe", "EMFILE", Pipe::open);
            expect("poll", "EMFILE", Poll::open);
            expect("open", "EMFILE", () -> FileSource.open(file));
            boolean pipes = Feature.SPLICE.support() == Support.SUPPORTED;
            expect("splice", pipes ? "EMFILE" : "none: 10", () -> splice.transfer(10));
            expect("read", "ECONNRESET", () -> reset.read(bytes, 0, 10));
            expect("write", "EPIPE", () -> reset.write(bytes, 0, 10));
            expect("finishConnect", "ECONNREFUSED", () -> {
                until(refused::finishConnect);
                return null;
            });
            expect("recv", "ECONNREFUSED", () -> refusedUdp.recv(bytes, 0, 10));
            expect("send", "ENOENT", () -> datagrams.sendTo(MemorySegment.ofArray(bytes).asSlice(0, 10), nobody));
            expect("register", "EBADF", () -> {
                poll.registry().register(closed, 9, Interest.READABLE);
                return null;
            });
            int level = Behaviour.NUMBERS_ARE_LINUXS.isHere() ? 1 : 0xffff; // SOL_SOCKET
            expect("setsockopt", "ENOPROTOOPT", () -> {
                udp.setOption(level, 9999, Arena.ofAuto().allocate(4));
                return null;
            });
            // calls that succeed, for the first time
            MemorySegment shared = Arena.ofShared().allocate(10);
            expect("large write", "none: 20000", () -> pair[1].write(bytes, 0, bytes.length));
            expect("large read", "none: 20000", () -> pair[0].read(bytes, 0, bytes.length));
            expect("shared write", "none: 10", () -> pair[1].write(shared, 0, 10));
            List<String> names = classes();
            Method findLoadedClass = ClassLoader.class.getDeclaredMethod("findLoadedClass", String.class);
            findLoadedClass.setAccessible(true);
            until(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(
                t -> t.getName().equals("panamio-errors")));

            int[] taken = new int[1000];
            int n = 0;
            String[] open = new File("/proc/self/fd").list();
            int last = 0;
            for (String fd : open) {
                last = Math.max(last, Integer.parseInt(fd));
            }
            setLimit(last + 1);
            while ((taken[n] = (int) DUP.invokeExact(0)) >= 0) {
                n++;
            }
            Map<String, String> first = new LinkedHashMap<>();
            for (Map.Entry<String, Call> call : CALLS.entrySet()) {
                first.put(call.getKey(), failure(call.getValue()));
            }
            setLimit(4096);
            while (n > 0) {
                int r = (int) CLOSE.invokeExact(taken[--n]);
                require(r == 0, "close");
            }
            require(first.equals(EXPECTED), first + "\n instead of\n" + EXPECTED);

            // the other failures
            for (String name : names) {
                Object loaded = findLoadedClass.invoke(Exhausted.class.getClassLoader(), name);
                boolean needed = Throwable.class.isAssignableFrom(Class.forName(name, false,
                    Exhausted.class.getClassLoader())) && !name.endsWith("$Stackless");
                require(loaded != null || !needed, name + " is not loaded before it is needed");
            }
            for (String call : List.of("connect", "bind", "listen", "socketpair", "pipe", "poll", "open", "accept")) {
                String now = failure(CALLS.get(call));
                require(now.startsWith("none"), call + " is not as before: " + now);
            }
            Files.delete(file);
            System.out.println("ok");
        }

        private static void require(boolean condition, String message) {
            if (!condition) {
                throw new AssertionError(message);
            }
        }

        private static List<String> classes() throws IOException {
            Path library = Path.of(System.getProperty("library"));
            List<String> names = new ArrayList<>();
            try (Stream<Path> files = Files.walk(library.resolve("io/panamio"))) {
                files.map(file -> library.relativize(file).toString())
                    .filter(file -> file.endsWith(".class") && !file.contains("bindings"))
                    .forEach(file -> names.add(file.replace(".class", "").replace('/', '.')));
            }
            return names;
        }
    }

    @Test
    void aFirstFailureWithoutDescriptorsIsThrownAsUsual() throws Exception {
        Proc.require("self/fd");
        Child child = new Child().onClassPath().with("--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED", "-Dlibrary=" + Child.CLASSES);
        assertEquals("ok", child.run(Exhausted.class).ok().trim());
    }

    static final class Started {
        private Started() {
        }

        public static void main(String[] args) throws Exception {
            Poll.open().close();
            Exhausted.until(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(
                t -> t.getName().equals("panamio-errors")));
        }
    }

    /** A missing class is one that could not be loaded for lack of descriptors. */
    @Test
    void aClassThatCannotBeLoadedEarlyIsNoFailure(@TempDir Path library) throws Exception {
        Behaviour.DESCRIPTORS_ARE_UNLIMITED.skip(); // so nothing is loaded early
        try (Stream<Path> files = Files.walk(Child.CLASSES)) {
            for (Path file : files.filter(f -> !f.endsWith("Libc$Shared.class")).toList()) {
                Path copy = library.resolve(Child.CLASSES.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
        Child.End end = new Child().library(library).run(Started.class);
        end.ok();
        assertFalse(end.err().contains("Exception"), end.err());
    }
}
