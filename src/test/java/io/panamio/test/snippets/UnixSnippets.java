package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.ControlMessages;
import io.panamio.net.ListenOptions;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Examples for the Javadoc of the Unix sockets. */
final class UnixSnippets {
    private UnixSnippets() {
    }

    /** Listens on a path and accepts one connection. */
    static UnixStream listen(Path path) throws IOException {
        // @start region="listen"
        ListenOptions options = ListenOptions.DEFAULT
            .permissions(PosixFilePermissions.fromString("rw-rw----")) // who may connect
            .replaceDead(true)                                         // the file of a server that was killed
            .deleteOnClose(true);
        try (Poll poll = Poll.open(); UnixListener listener = UnixListener.bind(UnixAddress.ofPath(path), options)) {
            Events events = Events.withCapacity(16);
            poll.registry().register(listener, 0, Interest.READABLE);
            UnixStream stream;
            while ((stream = listener.accept()) == null) {
                poll.poll(events);
            }
            return stream;
        }
        // @end
    }

    /** Passes a descriptor through a pair of streams and returns its duplicate. */
    static int pass(int descriptor) throws IOException {
        // @start region="pass"
        UnixStream[] pair = UnixStream.pair();
        try (UnixStream sender = pair[0]; UnixStream receiver = pair[1]; Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(1); // a descriptor accompanies at least one byte
            ControlMessages control = ControlMessages.withCapacity(64);
            sender.sendMsg(bytes, control.putFds(descriptor));

            receiver.recvMsg(bytes, control); // WOULD_BLOCK if nothing had been sent yet
            int[] received = control.takeFds(); // ours to close from here on
            return received[0];
        }
        // @end
    }

    /** Sends datagrams to a receiver until all are sent, waiting whenever its queue is full. */
    static void send(UnixAddress receiver, MemorySegment[] datagrams) throws IOException {
        // @start region="datagram"
        try (Poll poll = Poll.open(); UnixDatagram socket = UnixDatagram.unbound()) {
            socket.connect(receiver); // so that an event arrives when its queue has room again
            Events events = Events.withCapacity(16);
            poll.registry().register(socket, 0, Interest.WRITABLE);
            for (MemorySegment datagram : datagrams) {
                while (socket.send(datagram) == IoResult.WOULD_BLOCK) {
                    poll.poll(events);
                }
            }
        }
        // @end
    }
}
