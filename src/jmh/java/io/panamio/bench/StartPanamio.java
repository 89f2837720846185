package io.panamio.bench;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A minimal echo server on Panamio: prints by System.nanoTime when it began and when its poll was open, prints that it
 * listens, serves one client, and ends.
 */
public final class StartPanamio {
    private StartPanamio() {
    }

    /**
     * Runs the server.
     *
     * @param args the port
     */
    public static void main(String... args) throws IOException {
        long begin = System.nanoTime();
        try (Poll poll = Poll.open()) {
            long open = System.nanoTime();
            TcpListener listener = TcpListener.bind(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])));
            System.out.println(begin);
            System.out.println(open);
            System.out.println("listening");
            Events events = Events.withCapacity(64);
            MemorySegment buffer = Arena.global().allocate(16 * 1024);
            poll.registry().register(listener, 0, Interest.READABLE);
            TcpStream stream = null;
            for (;;) {
                int n = poll.poll(events);
                for (int i = 0; i < n; i++) {
                    if (events.token(i) == 0) {
                        stream = listener.accept();
                        poll.registry().register(stream, 1, Interest.READABLE);
                        continue;
                    }
                    long got;
                    while ((got = stream.read(buffer)) > 0) {
                        stream.write(buffer.asSlice(0, got));
                    }
                    if (got == -1) {
                        stream.close();
                        listener.close();
                        return;
                    }
                }
            }
        }
    }
}
