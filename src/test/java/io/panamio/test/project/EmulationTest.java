package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.net.DatagramBatch;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import io.panamio.test.support.Child;
import io.panamio.test.support.ForwardingLibrary;
import io.panamio.test.udp.DatagramBatchTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.opentest4j.AssertionFailedError;

/** Features that the C library lacks are emulated, so that user code need not check for them. */
@Tag("any-platform")
class EmulationTest {
    @TempDir
    private Path directory;

    private Child childWithout(String... functions) throws Exception {
        return new Child().with("-Dpanamio.test.library=" + ForwardingLibrary.without(directory, functions))
            .classPathOf(Test.class, ParameterizedTest.class, AssertionFailedError.class);
    }

    /** Runs every test of DatagramBatchTest. */
    static final class Batches {
        public static void main(String[] args) throws Exception {
            int tests = 0;
            Constructor<?> constructor = DatagramBatchTest.class.getDeclaredConstructor();
            constructor.setAccessible(true);
            Method hosts = DatagramBatchTest.class.getDeclaredMethod("hosts");
            hosts.setAccessible(true);
            for (Method method : DatagramBatchTest.class.getDeclaredMethods()) {
                method.setAccessible(true);
                if (method.isAnnotationPresent(Test.class)) {
                    method.invoke(constructor.newInstance());
                    tests++;
                } else if (method.isAnnotationPresent(ParameterizedTest.class)) {
                    for (Object host : (Iterable<?>) hosts.invoke(null)) {
                        method.invoke(constructor.newInstance(), host);
                        tests++;
                    }
                }
            }
            System.out.println(Feature.DATAGRAM_BATCHES.support() + " " + (tests > 5));
        }
    }

    @Test
    void batchesAreEmulatedByOneCallForEachMessage() throws Exception {
        assertEquals("EMULATED true", childWithout("recvmmsg", "sendmmsg").run(Batches.class).ok().strip());
    }

    /** The second recvmsg(2) receives an error, which the system reports only once. */
    private static final String FAILING_ONCE = """
        long recvmsg(int fd, void *message, int flags) {
            static int calls;
            if (++calls == 2) {
                errno = ECONNREFUSED;
                return -1;
            }
            return ((long (*)(int, void *, int)) real_recvmsg)(fd, message, flags);
        }
        """;

    static final class Deferring {
        public static void main(String[] args) throws Exception {
            InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
            UdpSocket to = UdpSocket.bind(any);
            UdpSocket from = UdpSocket.bind(any);
            from.connect(to.localAddress());
            for (int i = 0; i < 3; i++) {
                from.send(new byte[1], 0, 1);
            }
            DatagramBatch batch = DatagramBatch.allocate(8, 8);
            String result = "" + to.recvBatch(batch);
            try {
                to.recvBatch(batch);
            } catch (ConnectException e) {
                result += " " + e.getMessage() + " " + batch.count();
            }
            System.out.println(result + " " + to.recvBatch(batch) + " " + to.recvBatch(batch));
        }
    }

    @Test
    void anErrorAfterTheFirstDatagramIsThrownByTheNextCall() throws Exception {
        Path library = ForwardingLibrary.replacing(directory, "recvmsg", FAILING_ONCE, "recvmmsg", "sendmmsg");
        assertEquals("1 recvmsg: Connection refused (ECONNREFUSED, errno 111) 0 2 " + IoResult.WOULD_BLOCK,
            new Child().with("-Dpanamio.test.library=" + library).run(Deferring.class).ok().strip());
    }

    static final class Transfers {
        public static void main(String[] args) throws Exception {
            UnixStream[] from = UnixStream.pair();
            UnixStream[] to = UnixStream.pair();
            MemorySegment text = Arena.global().allocateFrom("hello");
            from[0].write(text);
            from[0].close();
            String result = Feature.SPLICE.support() + " " + Feature.SEND_FILE.support();
            try (PipePool pool = new PipePool(); Splice splice = new Splice(from[1], to[0], pool)) {
                result += " " + splice.transfer() + read(to[1]) + (splice.transfer() == IoResult.EOF);
            }
            try (FileSource file = FileSource.open(Path.of(args[0]))) {
                result += " " + file.transferTo(2, 100, to[0]) + read(to[1]);
            }
            System.out.println(result);
        }

        private static String read(UnixStream from) throws Exception {
            byte[] bytes = new byte[100];
            int n = (int) from.read(bytes, 0, bytes.length);
            return new String(bytes, 0, n).replace("\0", "");
        }
    }

    @Test
    void splicesAndFilesAreCopied() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "a file");
        assertEquals("EMULATED EMULATED 6hellotrue 4file", childWithout("splice", "sendfile")
            .run(Transfers.class, file.toString()).ok().strip());
        assertEquals("SUPPORTED SUPPORTED 6hellotrue 4file", childWithout()
            .run(Transfers.class, file.toString()).ok().strip());
    }
}
