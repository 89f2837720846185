package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.DatagramBatch;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Examples for the Javadoc of {@code UdpSocket} and {@code DatagramBatch}. */
final class UdpSnippets {
    private UdpSnippets() {
    }

    /** Returns each datagram to its sender, until an empty one arrives. */
    static void echo(UdpSocket socket) throws IOException {
        // @start region="echo"
        try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
            Events events = Events.withCapacity(16);
            MemorySegment buffer = arena.allocate(65_536);
            SocketAddressBuffer sender = SocketAddressBuffer.create(); // reused, so that nothing is allocated
            poll.registry().register(socket, 0, Interest.READABLE);
            while (true) {
                poll.poll(events);
                long n;
                while ((n = socket.recvFrom(buffer, sender)) != IoResult.WOULD_BLOCK) {
                    if (n == 0) {
                        return;
                    }
                    try {
                        socket.sendTo(buffer.asSlice(0, n), sender); // lost if it would block, as UDP permits
                    } catch (IOException e) {
                        // this sender cannot be reached, and may be forged; others can
                    }
                }
            }
        }
        // @end
    }

    /** Like {@link #echo}, with one system call for up to 64 datagrams. */
    static void echoBatches(UdpSocket socket) throws IOException {
        // @start region="batch"
        DatagramBatch batch = DatagramBatch.allocate(64, 2048);
        try (Poll poll = Poll.open()) {
            Events events = Events.withCapacity(16);
            poll.registry().register(socket, 0, Interest.READABLE);
            boolean ended = false;
            while (!ended) {
                poll.poll(events);
                int received;
                do {
                    received = socket.recvBatch(batch); // WOULD_BLOCK leaves the batch empty
                    for (int i = 0; i < batch.count(); i++) {
                        ended |= batch.length(i) == 0;
                    }
                    int sent = 0;
                    while (sent < batch.count()) { // each to its sender
                        try {
                            int n = socket.sendBatch(batch, sent);
                            if (n < 0) {
                                break; // WOULD_BLOCK: the rest is lost, as UDP permits
                            }
                            sent += n;
                        } catch (IOException e) {
                            sent++; // only this sender cannot be reached
                        }
                    }
                } while (received == batch.capacity()); // fewer have drained the socket
            }
        }
        // @end
    }
}
