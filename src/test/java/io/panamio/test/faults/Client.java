package io.panamio.test.faults;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/** A client of a program: connects, has exchanges, and compares every byte. Ends and resets are IOExceptions. */
abstract class Client implements AutoCloseable {
    private static final int PATIENCE = 20_000;
    /** The receive buffer of a client that lets the program wait. */
    private static final int WINDOW = 64 * 1024;

    final Socket socket = new Socket();

    Client(int port, int receiveBuffer) throws IOException {
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setSoTimeout(PATIENCE); // a SocketTimeoutException: the program hangs
        socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), PATIENCE);
    }

    /** Has one exchange with the program. */
    abstract void exchange() throws IOException;

    /** Ends the connection in order. */
    abstract void finish() throws IOException;

    @Override
    public void close() throws IOException {
        socket.close();
    }

    static void expectEnd(InputStream in) throws IOException {
        if (in.read() >= 0) {
            throw new Run.Defect("a foreign byte", null);
        }
    }

    /** Sends bytes and receives the same ones: the echo, directly or through the proxy. */
    static final class Echoed extends Client {
        private final byte[] bytes;
        private final boolean slow;

        Echoed(int port, int size, boolean slow) throws IOException {
            super(port, slow ? WINDOW : 0);
            bytes = new byte[size];
            this.slow = slow;
        }

        @Override
        void exchange() throws IOException {
            new SplittableRandom().nextBytes(bytes);
            Thread writer = Thread.startVirtualThread(() -> {
                try {
                    socket.getOutputStream().write(bytes);
                } catch (IOException e) {
                    return; // the reader fails, too
                }
            });
            byte[] echo = new byte[bytes.length];
            if (slow) {
                LockSupport.parkNanos(5_000_000); // meanwhile the buffers of the system are full
            }
            new DataInputStream(socket.getInputStream()).readFully(echo);
            if (!Arrays.equals(echo, bytes)) {
                throw new Run.Defect("other bytes than those that were sent", null);
            }
            try {
                writer.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        void finish() throws IOException {
            socket.shutdownOutput();
            expectEnd(socket.getInputStream());
        }
    }

    /** Receives a file, in pieces. */
    static final class Receiver extends Client {
        private final byte[] file;
        private final byte[] piece;
        private int at;

        Receiver(int port, byte[] file, int piece) throws IOException {
            super(port, piece < file.length ? WINDOW : 0);
            this.file = file;
            this.piece = new byte[piece];
        }

        @Override
        void exchange() throws IOException {
            int n = socket.getInputStream().readNBytes(piece, 0, Math.min(piece.length, file.length - at));
            if (!Arrays.equals(piece, 0, n, file, at, at + n)) {
                throw new Run.Defect("other bytes than the file's", null);
            }
            at += n;
            if (n == 0 && at < file.length) {
                throw new Run.Defect("a part of the file passes for the whole", null);
            }
        }

        @Override
        void finish() throws IOException {
            if (at == file.length) {
                expectEnd(socket.getInputStream());
            }
        }

        boolean isDone() {
            return at == file.length;
        }
    }

    /** Requests files by HTTP. */
    static final class Browser extends Client {
        private final byte[][] files;

        Browser(int port, byte[]... files) throws IOException {
            super(port, WINDOW);
            this.files = files;
        }

        @Override
        void exchange() throws IOException {
            for (int i = 0; i < files.length; i++) {
                ask("/" + i, files[i]);
            }
            ask("/", null);
        }

        private void ask(String path, byte[] expected) throws IOException {
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n").getBytes());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int b = in.read();
                if (b < 0) {
                    throw new EOFException("no answer");
                }
                head.append((char) b);
            }
            String length = head.toString().replaceAll("(?is).*content-length: *(\\d+).*", "$1");
            byte[] body = new byte[Integer.parseInt(length)];
            in.readFully(body);
            if (!head.toString().startsWith("HTTP/1.1 200 ")) {
                throw new IOException(head.substring(0, head.indexOf("\r\n")));
            }
            if (expected != null && !Arrays.equals(body, expected)) {
                throw new Run.Defect("other bytes than the file's", null);
            }
        }

        @Override
        void finish() throws IOException {
            socket.shutdownOutput();
            expectEnd(socket.getInputStream());
        }
    }
}
