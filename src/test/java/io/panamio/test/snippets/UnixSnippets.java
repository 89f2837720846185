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
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixSeqpacketListener;
import io.panamio.net.UnixStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

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

    /** Sends a message to a server and returns the length of its answer. */
    static long ask(UnixAddress server, byte[] question, byte[] answer) throws IOException {
        // @start region="ask"
        try (Poll poll = Poll.open(); UnixSeqpacket socket = UnixSeqpacket.connect(server)) {
            Events events = Events.withCapacity(16);
            poll.registry().register(socket, 0, Interest.READABLE.add(Interest.WRITABLE));
            while (socket.send(question, 0, question.length) == IoResult.WOULD_BLOCK) {
                poll.poll(events); // the message is sent as a whole or not at all
            }
            long n;
            while ((n = socket.recv(answer, 0, answer.length)) == IoResult.WOULD_BLOCK) {
                poll.poll(events);
            }
            return n; // the length of one message, or EOF
        }
        // @end
    }

    /** Accepts one connection and answers each of its messages with the same bytes. */
    static void answer(UnixAddress address) throws IOException {
        // @start region="answer"
        ListenOptions options = ListenOptions.DEFAULT.deleteOnClose(true);
        try (Poll poll = Poll.open(); UnixSeqpacketListener listener = UnixSeqpacketListener.bind(address, options)) {
            Events events = Events.withCapacity(16);
            poll.registry().register(listener, 0, Interest.READABLE);
            UnixSeqpacket client;
            while ((client = listener.accept()) == null) {
                poll.poll(events);
            }
            try (UnixSeqpacket socket = client) {
                poll.registry().register(socket, 1, Interest.READABLE);
                byte[] message = new byte[4096];
                long n;
                while ((n = socket.recv(message, 0, message.length)) != IoResult.EOF) {
                    if (n == IoResult.WOULD_BLOCK) {
                        poll.poll(events);
                    } else {
                        socket.send(message, 0, (int) n);
                    }
                }
            }
        }
        // @end
    }

    static List<UnixAddress> addresses() {
        // @start region="addresses"
        UnixAddress path = UnixAddress.ofPath(Path.of("/run/app/socket"));        // a file
        UnixAddress name = UnixAddress.ofAbstract("app".getBytes());              // no file: only on Linux
        UnixAddress jdk = UnixAddress.of(UnixDomainSocketAddress.of("app.sock")); // the JDK's own type
        // @end
        return List.of(path, name, jdk);
    }
}
