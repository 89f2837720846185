package io.panamio.test.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Interest;
import io.panamio.net.Poller;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Virtual threads that share the only carrier would wait for ever if one of them pinned it. */
class OneCarrierTest {
    private static final int CLIENTS = 50;
    private static final int ROUNDS = Behaviour.TRANSFERS_ARE_SLOW.isHere() ? 2 : 20;
    private static final int MESSAGE = 300_000; // more than a socket takes at once: writes wait, too

    @Test
    void noWaitPinsTheCarrier() throws Exception {
        assertEquals("done\n", new Child().with("-Djdk.virtualThreadScheduler.parallelism=1",
            "-Djdk.virtualThreadScheduler.maxPoolSize=1").run(Exchange.class, "" + ROUNDS).ok());
    }

    /** Clients and an echo server, all on virtual threads. */
    public static final class Exchange {
        private Exchange() {
        }

        /** Prints {@code done}. */
        public static void main(String... args) throws Exception {
            int rounds = Integer.parseInt(args[0]);
            try (Poller poller = Poller.open(); TcpListener listener =
                     TcpListener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0))) {
                Thread.startVirtualThread(() -> serve(poller, listener));
                InetSocketAddress address = listener.localAddress();
                FutureTask<?>[] clients = new FutureTask<?>[CLIENTS];
                for (int i = 0; i < CLIENTS; i++) {
                    int size = i == 0 ? MESSAGE : 1 + i * i;
                    clients[i] = new FutureTask<>(() -> exchange(poller, address, size, rounds), null);
                    Thread.startVirtualThread(clients[i]);
                }
                for (FutureTask<?> client : clients) {
                    client.get();
                }
                System.out.println("done");
                System.exit(0); // the server still waits
            }
        }

        private static void serve(Poller poller, TcpListener listener) {
            try {
                for (;;) {
                    TcpStream stream = listener.accept();
                    if (stream == null) {
                        poller.await(listener, Interest.READABLE);
                    } else {
                        Thread.startVirtualThread(() -> echo(poller, stream));
                    }
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private static void echo(Poller poller, TcpStream stream) {
            try (stream) {
                poller.inputStream(stream).transferTo(poller.outputStream(stream));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private static void exchange(Poller poller, InetSocketAddress address, int size, int rounds) {
            try (TcpStream stream = TcpStream.connect(address)) {
                while (!stream.finishConnect()) {
                    poller.await(stream, Interest.WRITABLE);
                }
                InputStream in = poller.inputStream(stream);
                OutputStream out = poller.outputStream(stream);
                for (int i = 0; i < rounds; i++) {
                    byte[] sent = new byte[size];
                    Arrays.fill(sent, (byte) i);
                    Thread writer = Thread.startVirtualThread(() -> {
                        try {
                            out.write(sent);
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    });
                    byte[] got = in.readNBytes(size);
                    writer.join();
                    if (!Arrays.equals(sent, got)) {
                        throw new AssertionError("other bytes came back");
                    }
                }
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
