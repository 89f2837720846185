package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;

/** A server that replaces a running one without refusing a connection: it receives the listening socket. */
public final class TakeOver {
    public static void main(String[] args) throws IOException {
        UnixAddress address = UnixAddress.ofPath(Path.of("server.sock"));
        ListenOptions options = ListenOptions.DEFAULT.replaceDead(true).deleteOnClose(true);
        try (TcpListener listener = open(address); UnixListener successor = UnixListener.bind(address, options)) {
            System.out.println("listening on " + listener.localAddress());
            give(successor, listener);                           // a server does so in its loop, besides serving
        }
        System.out.println("replaced");
    }

    private static TcpListener open(UnixAddress address) throws IOException {
        try {
            return take(address);
        } catch (SocketException e) {                            // nobody listens there: this is the first one
            return TcpListener.bind(new InetSocketAddress(7000));
        }
    }

    /** Waits for a successor and gives it the listener; both have it until this process closes its own. */
    static void give(UnixListener at, TcpListener listener) throws IOException {
        try (Poll poll = Poll.open()) {
            Events events = Events.withCapacity(1);
            poll.registry().register(at, 0, Interest.READABLE);
            UnixStream accepted;
            while ((accepted = at.accept()) == null) {
                poll.poll(events);
            }
            at.close();                                          // and its file, for the successor's own
            try (UnixStream successor = accepted) {
                ControlMessages control = ControlMessages.withCapacity(64).putFds(listener.fd());
                successor.sendMsg(MemorySegment.ofArray(new byte[1]), control); // with at least one byte
            }
        }
    }

    /** Asks the process that listens at an address for its listener. */
    static TcpListener take(UnixAddress from) throws IOException {
        try (Poll poll = Poll.open(); UnixStream server = UnixStream.connect(from)) {
            Events events = Events.withCapacity(1);
            poll.registry().register(server, 0, Interest.READABLE);
            ControlMessages control = ControlMessages.withCapacity(64);
            MemorySegment bytes = MemorySegment.ofArray(new byte[1]);
            while (server.recvMsg(bytes, control) == IoResult.WOULD_BLOCK) {
                poll.poll(events);
            }
            int[] received = control.takeFds();                  // ours to close from here on
            if (received.length != 1) {
                throw new IOException(received.length + " descriptors were received");
            }
            return TcpListener.fromFd(received[0]);              // it owns the descriptor
        }
    }
}
