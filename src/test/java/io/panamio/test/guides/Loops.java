package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedSelectorException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** One loop accepts connections and hands them over to others, which echo: each greets with its name. */
public final class Loops {
    /** A loop in a thread of its own. Only {@link #adopt} and {@link #close} are for other threads. */
    static final class Worker implements AutoCloseable {
        private static final long WAKER = -1;

        private final Poll poll = Poll.open();
        private final Waker waker = Waker.open(poll.registry(), WAKER);
        private final Queue<TcpStream> arriving = new ConcurrentLinkedQueue<>();
        private final Slab<TcpStream> streams = new Slab<>();
        private final byte[] buffer = new byte[16 * 1024];
        private final byte[] greeting;

        Worker(String name) throws IOException {
            greeting = (name + "\n").getBytes();
            Thread.ofPlatform().name(name).start(this::run);
        }

        /** Hands a stream over, which no other thread may use from now on. */
        void adopt(TcpStream stream) {
            arriving.add(stream);                                // first the queue, then the wake
            waker.wake();
        }

        private void run() {
            Events events = Events.withCapacity(256);
            try {
                for (;;) {
                    int n = poll.poll(events);
                    for (int i = 0; i < n; i++) {
                        long token = events.token(i);
                        if (token == WAKER) {
                            for (TcpStream stream; (stream = arriving.poll()) != null;) {
                                add(stream);
                            }
                        } else {
                            echo(token, streams.get(token));
                        }
                    }
                }
            } catch (IOException | ClosedSelectorException e) {  // close was called
                arriving.forEach(TcpStream::close);
                streams.forEach(TcpStream::close);
            }
        }

        private void add(TcpStream stream) {
            long token = streams.insert(stream);
            try {
                stream.write(greeting, 0, greeting.length);
                poll.registry().register(stream, token, Interest.READABLE);
            } catch (IOException e) {
                streams.remove(token).close();
            }
        }

        private void echo(long token, TcpStream stream) {
            try {
                long n = 0;
                while (stream != null && (n = stream.read(buffer, 0, buffer.length)) >= 0) {
                    stream.write(buffer, 0, (int) n);            // for what would block, see "Pending output"
                }
                if (n == IoResult.EOF) {
                    streams.remove(token).close();
                }
            } catch (IOException e) {
                streams.remove(token).close();
            }
        }

        @Override
        public void close() {
            poll.close();                                        // ends run
        }
    }

    public static void main(String[] args) throws IOException {
        Worker[] workers = new Worker[Runtime.getRuntime().availableProcessors()];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker("loop " + i);
        }
        try (Poll poll = Poll.open()) {
            accept(poll, TcpListener.bind(new InetSocketAddress(7000)), workers);
        }
    }

    static void accept(Poll poll, TcpListener listener, Worker[] workers) throws IOException {
        poll.registry().register(listener, 0, Interest.READABLE);
        Events events = Events.withCapacity(1);
        for (int next = 0;;) {
            poll.poll(events);
            for (TcpStream stream; (stream = listener.accept()) != null;) {
                workers[next++ % workers.length].adopt(stream);
            }
        }
    }
}
