package io.panamio.test.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.pipeline.FileSource;
import io.panamio.test.support.Child;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Requires;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operations that are used for the first time when no descriptors are left to open their classes with. */
@Tag("any-selector")
@Requires(Feature.DESCRIPTORS)
class FirstUseTest {
    private interface Call {
        void run() throws IOException;
    }

    static final class Exhausted {
        public static void main(String[] args) throws Exception {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            TcpListener listener = TcpListener.bind(any);
            TcpStream client = TcpStream.connect(listener.localAddress());
            TcpStream accepted;
            do {
                accepted = listener.accept();
            } while (accepted == null || !client.finishConnect());
            TcpStream server = accepted;
            UdpSocket udp = UdpSocket.bind(any);
            SocketAddressBuffer from = SocketAddressBuffer.create();
            Path path = Files.write(Files.createTempFile("panamio", ".bytes"), new byte[100]);
            FileSource file = FileSource.open(path);
            InetAddress group = InetAddress.getByName("239.1.2.3");
            MemorySegment bytes = Arena.global().allocate(20);
            Map<String, Call> calls = new LinkedHashMap<>();
            calls.put("arena", server::arena);
            calls.put("writeVectored", () -> client.writeVectored(bytes.asSlice(0, 10), bytes.asSlice(10)));
            calls.put("readVectored", () -> server.readVectored(bytes.asSlice(0, 10), bytes.asSlice(10)));
            calls.put("transferTo", () -> file.transferTo(0, 100, client));
            calls.put("recvFrom", () -> udp.recvFrom(bytes, from));
            calls.put("joinMulticast", () -> udp.joinMulticast(group, null));
            if (Feature.SOURCE_MEMBERSHIP.isAvailable()) {
                calls.put("joinMulticast of a source", () -> udp.joinMulticast(group, null, any.getAddress()));
            }
            calls.put("setTtl", () -> client.setTtl(7));
            calls.put("accept", () -> listener.accept());
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread.getName().equals("panamio-errors")) {
                    thread.join();
                }
            }
            if (args.length > 0) {
                // used without failures; a JVM that logs a dropped source while it writes the archive may crash
                for (AutoCloseable source : List.of(client, server, listener, udp, file)) {
                    source.close();
                }
                Files.delete(path);
                return;
            }
            TreeSet<String> failed = new TreeSet<>();
            List<FileInputStream> open = new ArrayList<>();
            try {
                for (;;) {
                    open.add(new FileInputStream("/dev/null"));
                }
            } catch (IOException e) { // no descriptors are left
                for (Map.Entry<String, Call> call : calls.entrySet()) {
                    try {
                        call.getValue().run();
                    } catch (LinkageError f) {
                        failed.add(call.getKey() + ": " + f);
                    } catch (IOException f) {
                        continue; // an answer of the system
                    }
                }
            }
            for (FileInputStream one : open) {
                one.close();
            }
            Files.delete(path);
            System.out.println(failed);
        }
    }

    private static void requireNoFailures(Child child) throws Exception {
        Child limited = child.under("sh", "-c", "ulimit -n 100; exec \"$@\"", "sh");
        assertEquals("[]", limited.run(Exhausted.class).ok().trim());
    }

    private static Child inJars() throws IOException {
        return new Child().withoutNativeAccess().library(Programs.library()).onClassPath();
    }

    @Test
    void whatAnOpenSourceNeedsIsLoaded() throws Exception {
        requireNoFailures(new Child());
    }

    @Test
    void whatAnOpenSourceNeedsIsLoadedFromAJar() throws Exception {
        requireNoFailures(new Child().library(Programs.library()));
        requireNoFailures(inJars().with("--enable-native-access=ALL-UNNAMED"));
    }

    /** With an archive of the classes of a run without failures, the jar is not open. */
    @Test
    void whatAnOpenSourceNeedsIsLoadedWithAnArchiveOfClasses(@TempDir Path directory) throws Exception {
        Path jar = directory.resolve("test.jar"); // an archive needs jars
        List<String> arguments = new ArrayList<>(List.of("--create", "--file", jar.toString()));
        Path classes = Child.BASE.resolve("target/test-classes");
        try (Stream<Path> all = Files.list(classes.resolve(Path.of("io", "panamio", "test", "net")))) {
            all.filter(path -> path.getFileName().toString().startsWith("FirstUseTest")).forEach(path ->
                arguments.addAll(List.of("-C", classes.toString(), classes.relativize(path).toString())));
        }
        ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
        assertEquals(0, tool.run(System.out, System.err, arguments.toArray(String[]::new)));
        Path archive = directory.resolve("archive.jsa");
        inJars().classPath(jar).with("-XX:ArchiveClassesAtExit=" + archive).run(Exhausted.class, "without").ok();
        assertTrue(Files.exists(archive));
        requireNoFailures(inJars().classPath(jar).with("-XX:SharedArchiveFile=" + archive));
    }
}
