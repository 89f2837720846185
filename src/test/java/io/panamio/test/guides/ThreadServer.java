package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Answers each line with its length: a virtual thread for each client, which may be idle for a minute. */
public final class ThreadServer {
    private final TcpListener listener;
    private final Duration idle;
    private final Poller poller = Poller.open();
    final Set<TcpStream> streams = ConcurrentHashMap.newKeySet();

    ThreadServer(TcpListener listener, Duration idle) throws IOException {
        this.listener = listener;
        this.idle = idle;
    }

    public static void main(String[] args) throws IOException {
        ListenOptions options = ListenOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true); // inherited
        TcpListener listener = TcpListener.bind(new InetSocketAddress(7000), options);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {  // SIGINT, SIGTERM
            listener.close();
            try {
                main.join();
            } catch (InterruptedException e) {
                // ends at once
            }
        }));
        new ThreadServer(listener, Duration.ofMinutes(1)).run();
    }

    /** Serves until the listener is closed, then closes all connections and waits for their threads. */
    void run() throws IOException {
        try (poller; ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) { // close waits for them
            try {
                for (;;) {
                    TcpStream stream = listener.accept();
                    if (stream == null) {
                        poller.await(listener, Interest.READABLE);
                    } else {
                        streams.add(stream);
                        threads.execute(() -> serve(stream));
                    }
                }
            } catch (ClosedChannelException e) {                 // AsynchronousCloseException, if it waits
                // the end
            } finally {
                streams.forEach(TcpStream::close);               // ends their waits
            }
        }
    }

    private void serve(TcpStream stream) {
        try (stream) {
            OutputStream out = poller.outputStream(stream);
            byte[] buffer = new byte[1024];
            int length = 0;
            for (long n; (n = read(stream, buffer)) != IoResult.EOF;) {
                for (int i = 0; i < n; i++) {
                    if (buffer[i] != '\n') {
                        length++;
                    } else {
                        out.write((length + "\n").getBytes());
                        length = 0;
                    }
                }
            }
        } catch (IOException e) {
            // the client is gone or idle, or the server stops
        } finally {
            streams.remove(stream);
        }
    }

    /** Reads as the stream does, but waits rather than return {@code WOULD_BLOCK}. */
    private long read(TcpStream stream, byte[] buffer) throws IOException {
        long n;
        while ((n = stream.read(buffer, 0, buffer.length)) == IoResult.WOULD_BLOCK) {
            if (!poller.await(stream, Interest.READABLE, idle)) {
                throw new IOException("idle for " + idle);
            }
        }
        return n;
    }
}
