package io.panamio.sys.windows;

import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.bindings.windows.Windows;
import io.panamio.net.NamedPipe;
import io.panamio.net.Pipe;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.pipeline.FileSource;
import io.panamio.sys.Platform;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which handles a child process of the JVM gets: it is created with all that are marked as inheritable. */
@Tag("any-selector")
class InheritedHandlesTest {
    @TempDir
    private Path folder;

    /** A child process that runs until its standard input ends. */
    static final class Waiting {
        public static void main(String[] args) throws IOException {
            System.out.write('.');
            System.out.flush();
            System.in.read();
        }
    }

    /** Opens everything that the library opens, and returns the handles. */
    private List<Integer> openAll(Loop loop, NativeFds.Opened opened) throws IOException {
        TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(V4, 0)));
        TcpStream connected = loop.later(TcpStream.connect(listener.localAddress()));
        TcpStream accepted = loop.later(Loop.accept(listener));
        loop.register(listener, 1, R);
        loop.register(connected, 2, W);
        loop.register(accepted, 3, R);
        UdpSocket datagrams = loop.later(UdpSocket.bind(new InetSocketAddress(V4, 0)));
        loop.register(datagrams, 4, R);
        Pipe pipe = loop.later(Pipe.open());
        String name = "\\\\.\\pipe\\panamio-" + System.nanoTime();
        NamedPipe server = loop.later(NamedPipe.create(name, NamedPipe.Mode.BYTES));
        NamedPipe another = loop.later(server.another());
        NamedPipe client = loop.later(NamedPipe.open(name, NamedPipe.Mode.BYTES));
        FileSource file = loop.later(FileSource.open(Files.writeString(folder.resolve("file"), "text")));
        List<Integer> handles = opened.fds();
        for (int fd : List.of(listener.fd(), connected.fd(), accepted.fd(), datagrams.fd(), pipe.sender().fd(),
                pipe.receiver().fd(), server.fd(), another.fd(), client.fd(), file.fd())) {
            assertTrue(handles.contains(fd), "handle " + fd);
        }
        assertTrue(handles.size() >= 12, "the port and a handle of AFD as well: " + handles);
        return handles;
    }

    private static Map<Integer, Integer> counts(List<Integer> handles) throws IOException {
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int handle : handles) {
            counts.put(handle, NativeFds.count(handle)); // in all processes
        }
        return counts;
    }

    @Test
    void aChildInheritsNone() throws Exception {
        assumeTrue(Platform.current() instanceof WindowsPlatform, "this system has no handles");
        NativeFds.Opened opened = new NativeFds.Opened(folder);
        try (Loop loop = new Loop()) {
            List<Integer> handles = openAll(loop, opened);
            for (int handle : handles) {
                assertTrue(NativeFds.isCloseOnExec(handle), "handle " + handle + " is inheritable");
            }
            int port = Kernel32.createPort(); // one that is inherited: the count notices it
            loop.later(() -> Kernel32.closeHandle(port));
            assertEquals(0, Kernel32.setHandleInformation(port, Windows.HANDLE_FLAG_INHERIT,
                Windows.HANDLE_FLAG_INHERIT));
            Map<Integer, Integer> before = counts(handles);
            Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--class-path", Child.BASE.resolve("target/test-classes").toString(), Waiting.class.getName()).start();
            try {
                assertEquals('.', child.getInputStream().read());
                assertEquals(before, counts(handles));
                assertEquals(2, NativeFds.count(port));
            } finally {
                child.destroyForcibly();
            }
        }
    }
}
