package io.panamio.test.soak;

import io.panamio.Interest;
import io.panamio.net.Poller;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.soak.Calls.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Phaser;

/** Virtual threads that wait by a poller: clients that connect again and again, and their echoes. */
final class Threads implements AutoCloseable {
    private static final int MAX_SIZE = 1 << 15;

    private final Run run;
    private final Poller poller = Poller.open();
    private final TcpListener listener;
    private final Phaser running = new Phaser(1);

    Threads(Run run, int count) throws IOException {
        this.run = run;
        listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        start(this::accept);
        for (int i = 0; i < count; i++) {
            Random random = new Random(run.seed * 37 + i);
            start(() -> {
                byte[] buffer = new byte[MAX_SIZE];
                while (!run.isOver()) {
                    connect(random, buffer);
                    run.sessionEnded();
                }
            });
        }
    }

    private void start(Others.Task task) {
        running.register();
        Thread.startVirtualThread(() -> {
            try {
                task.run();
            } catch (Throwable t) {
                run.failed(t);
            } finally {
                running.arriveAndDeregister();
            }
        });
    }

    /** Waits for the clients and echoes. */
    @Override
    public void close() throws IOException {
        listener.close();
        running.arriveAndAwaitAdvance();
        poller.close();
    }

    private void accept() throws IOException {
        try {
            for (;;) {
                TcpStream stream = listener.accept();
                run.calls.add(Kind.CONNECT);
                if (stream == null) {
                    run.calls.add(Kind.THREAD);
                    poller.await(listener, Interest.READABLE);
                } else {
                    start(() -> echo(stream));
                }
            }
        } catch (ClosedChannelException e) {
            return; // the end
        }
    }

    private void echo(TcpStream stream) {
        try (stream) {
            InputStream in = poller.inputStream(stream);
            OutputStream out = poller.outputStream(stream);
            byte[] buffer = new byte[4096];
            for (int n; (n = in.read(buffer)) >= 0;) {
                out.write(buffer, 0, n);
                run.calls.add(Kind.THREAD, 2);
            }
            stream.shutdown(Shutdown.WRITE);
        } catch (IOException e) {
            return; // the client has closed early: it would notice if not
        } finally {
            run.calls.add(Kind.CLOSE);
        }
    }

    private void connect(Random random, byte[] buffer) throws IOException {
        long number = 2 * run.numbers.incrementAndGet();
        try (TcpStream stream = TcpStream.connect(listener.localAddress())) {
            while (!stream.finishConnect()) {
                poller.await(stream, Interest.WRITABLE);
            }
            run.calls.add(Kind.CONNECT, 2);
            switch (random.nextInt(8)) {
                case 0 -> closeElsewhere(stream);
                case 1 -> timeOut(stream, random);
                default -> exchange(stream, number, random, buffer);
            }
        }
        run.calls.add(Kind.CLOSE);
    }

    /** Sends and receives by a channel, and then to the end by a stream. */
    private void exchange(TcpStream stream, long number, Random random, byte[] buffer) throws IOException {
        long position = 0;
        ByteChannel channel = poller.channel(stream);
        for (int rounds = random.nextInt(50); rounds > 0; rounds--) {
            int size = Math.min(Session.size(random), 2000); // what the echo and the buffers take at once
            ByteBuffer out = run.pattern.at(number, position, size).asByteBuffer();
            channel.write(out);
            ByteBuffer in = ByteBuffer.wrap(buffer, 0, size);
            while (in.hasRemaining()) {
                if (channel.read(in) < 0) {
                    throw new AssertionError("an early end of stream " + number);
                }
                run.calls.add(Kind.THREAD);
            }
            run.calls.add(Kind.THREAD);
            run.pattern.check(MemorySegment.ofArray(buffer).asSlice(0, size), number, position);
            position += size;
            run.bytes.add(size);
        }
        stream.shutdown(Shutdown.WRITE);
        if (poller.inputStream(stream).read(buffer) != -1) {
            throw new AssertionError("bytes after the end of stream " + number);
        }
        run.calls.add(Kind.THREAD, 2);
    }

    /** Has another thread close the stream while this one waits. */
    private void closeElsewhere(TcpStream stream) throws IOException {
        start(stream::close);
        try {
            for (;;) {
                run.calls.add(Kind.THREAD);
                poller.await(stream, Interest.READABLE);
            }
        } catch (ClosedChannelException e) { // during the wait or before
            return;
        }
    }

    private void timeOut(TcpStream stream, Random random) throws IOException {
        Duration timeout = Duration.ofNanos(random.nextInt(2_000_000));
        long start = System.nanoTime();
        if (poller.await(stream, Interest.READABLE, timeout)) {
            throw new AssertionError("readable, but nothing was sent");
        } else if (System.nanoTime() - start < timeout.toNanos()) {
            throw new AssertionError("a wait has timed out early");
        }
        run.calls.add(Kind.THREAD);
    }
}
