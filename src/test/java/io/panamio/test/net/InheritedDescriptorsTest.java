package io.panamio.test.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Poll;
import io.panamio.SourceFd;
import io.panamio.Waker;
import io.panamio.net.Connector;
import io.panamio.net.ControlMessages;
import io.panamio.net.DatagramBatch;
import io.panamio.net.ListenOptions;
import io.panamio.net.Pipe;
import io.panamio.net.Poller;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixSeqpacketListener;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.RingBuffer;
import io.panamio.pipeline.Splice;
import io.panamio.test.project.Everything;
import io.panamio.test.support.Child;
import io.panamio.test.support.ForwardingLibrary;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Child processes inherit no descriptor of the library's. The C library starts the children: those that the JDK starts
 * close all descriptors, whatever their flags are.
 */
@Requires({Feature.DESCRIPTORS, Feature.DESCRIPTOR_PASSING, Feature.UNIX_STREAMS})
class InheritedDescriptorsTest {
    @TempDir
    Path directory;

    private static MemorySegment one() {
        return MemorySegment.ofArray(new byte[1]);
    }

    /** Opens what has a descriptor, of every kind and in every way that there is here. */
    private void open(Loop loop) throws IOException {
        Poll poll = loop.later(Poll.open());
        loop.later(Waker.open(poll.registry(), 1)).wake();
        poll.pollNow(loop.events);
        if (Feature.POLL_DESCRIPTOR.isAvailable()) {
            loop.register(new SourceFd(poll.fd()), 1, Loop.R);
        }
        TcpStream[] tcp = loop.pair();
        loop.register(tcp[0], 2, Loop.RW);
        TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(Loop.V6, 0)));
        loop.later(Connector.connect("::1", listener.localAddress().getPort(), Loop.LONG)); // begins at once
        UdpSocket udp = loop.later(UdpSocket.bind(new InetSocketAddress(Loop.V4, 0)));
        loop.later(Poller.open()).await(udp, Loop.R, Loop.SHORT);
        openFiles(loop, tcp);
        openUnixSockets(loop);
    }

    private void openFiles(Loop loop, TcpStream[] tcp) throws IOException {
        Pipe pipe = loop.later(Pipe.open());
        loop.register(pipe.sender(), 3, Loop.W);
        loop.later(FileSource.open(Files.write(directory.resolve("file"), new byte[10])));
        RingBuffer.allocate(Arena.ofAuto(), 4096);
        Splice splice = loop.later(new Splice(pipe.receiver(), tcp[0], loop.later(new PipePool())));
        while (splice.buffered() == 0) { // in a pipe of its own, once TCP takes no more
            Local.fill(pipe.sender());
            splice.transfer();
        }
    }

    private void openUnixSockets(Loop loop) throws IOException {
        UnixAddress address = UnixAddress.ofPath(directory.resolve("socket"));
        UnixListener listener = loop.later(UnixListener.bind(address, ListenOptions.DEFAULT.replaceDead(true)));
        loop.later(UnixStream.connect(address));
        loop.later(listener.accept());
        UnixStream[] streams = Local.pair(loop);
        loop.later(UnixDatagram.unbound());
        loop.later(UnixDatagram.bind(UnixAddress.ofPath(directory.resolve("datagrams"))));
        UnixDatagram[] datagrams = UnixDatagram.pair();
        loop.later(datagrams[0]);
        loop.later(datagrams[1]);
        int passed = streams[0].fd();

        ControlMessages control = ControlMessages.withCapacity(64);
        streams[0].sendMsg(one(), control.putFds(passed));
        assertEquals(1, streams[1].recvMsg(one(), control));
        keep(loop, control);
        datagrams[0].sendMsg(one(), control.putFds(passed));
        assertEquals(1, datagrams[1].recvMsg(one(), control));
        keep(loop, control);
        DatagramBatch batch = DatagramBatch.allocate(2, 10, 64);
        datagrams[0].sendMsg(one(), control.putFds(passed));
        control.clear();
        assertEquals(1, datagrams[1].recvBatch(batch));
        keep(loop, batch.control(0));
        if (Feature.UNIX_SEQPACKETS.isAvailable()) {
            UnixAddress packets = UnixAddress.ofPath(directory.resolve("packets"));
            UnixSeqpacketListener at = loop.later(UnixSeqpacketListener.bind(packets));
            UnixSeqpacket client = loop.later(UnixSeqpacket.connect(packets));
            UnixSeqpacket server = loop.later(at.accept());
            client.sendMsg(one(), control.putFds(passed));
            assertEquals(1, server.recvMsg(one(), control));
            keep(loop, control);
            for (UnixSeqpacket end : UnixSeqpacket.pair()) {
                loop.later(end);
            }
        }
    }

    /** Takes the received descriptor, which is closed with the loop. */
    private static void keep(Loop loop, ControlMessages control) {
        int[] fds = control.takeFds();
        assertEquals(1, fds.length);
        loop.later((AutoCloseable) () -> NativeFds.close(fds[0]));
        control.clear();
    }

    /** Returns the descriptors of a new child, with what they refer to: a link as {@code ls -l} prints it. */
    private Set<String> ofAChild() throws IOException {
        Path listed = directory.resolve("listed");
        assertEquals(0, NativeCalls.system("ls -l /proc/self/fd > '" + listed + "'"));
        Set<String> all = new HashSet<>();
        Matcher link = Pattern.compile("\\d+ -> .*").matcher(Files.readString(listed));
        while (link.find()) {
            all.add(link.group());
        }
        return all;
    }

    @Test
    void noKindIsInherited() throws IOException {
        Proc.require("self/fd");
        NativeFds.Opened opened = new NativeFds.Opened(directory);
        try (Loop loop = new Loop()) {
            open(loop);
            List<String> links = opened.links();
            assertTrue(links.size() >= (Feature.UNIX_SEQPACKETS.isAvailable() ? 30 : 25), links::toString);
            Set<String> inherited = ofAChild();
            assertEquals(List.of(), links.stream().filter(inherited::contains).toList());

            int copy = NativeFds.dup(loop.later(Pipe.open()).sender().fd()); // without the flag
            List<String> unmarked = new ArrayList<>(opened.links());
            unmarked.retainAll(ofAChild());
            NativeFds.close(copy);
            assertEquals(1, unmarked.size(), unmarked::toString);
        }
    }

    /** Also what is open only during a call, such as the memory of a ring. */
    @Test
    void everythingThatIsClosedWasMarked() throws Exception {
        Path library = ForwardingLibrary.replacing(directory, "close", """
            #include <fcntl.h>
            #include <stdio.h>
            int close(int fd) {
              int flags = fcntl(fd, F_GETFD);
              if (flags >= 0 && !(flags & FD_CLOEXEC)) {
                printf("inherited: %d\\n", fd);
                fflush(stdout);
              }
              return ((int (*)(int)) real_close)(fd);
            }
            """);
        assertEquals("closed\n", new Child().with("-Dpanamio.test.library=" + library)
            .run(Closing.class, directory.resolve("socket").toString()).ok());
    }

    /** Opens and closes everything. */
    static final class Closing {
        private Closing() {
        }

        public static void main(String... args) throws Exception {
            new Everything().call();
            UnixAddress address = UnixAddress.ofPath(Path.of(args[0]));
            for (int i = 0; i < 2; i++) {
                UnixListener.bind(address, ListenOptions.DEFAULT.replaceDead(true)).close();
            }
            System.out.println("closed");
        }
    }
}
