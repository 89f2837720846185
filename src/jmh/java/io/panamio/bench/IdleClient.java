package io.panamio.bench;

import io.panamio.net.TcpStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;

/**
 * A client process of {@link Memory}. It opens and closes connections as commanded on its standard input, responds to
 * each line with a line, and exits at the end of the input.
 */
final class IdleClient {
    private static final long PATIENCE_NANOS = 10_000_000_000L;
    /** The number of addresses: a pair allows for 28 thousand connections, including those in TIME_WAIT. */
    private static final int ADDRESSES = 200;

    private final int port;
    private final ArrayDeque<TcpStream> streams = new ArrayDeque<>();
    private int bursts;

    private IdleClient(int port) {
        this.port = port;
    }

    /** Executes the commands. The argument is the server's port. */
    public static void main(String... args) throws IOException, InterruptedException {
        IdleClient client = new IdleClient(Integer.parseInt(args[0]));
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        for (String order; (order = orders.readLine()) != null;) {
            String[] words = order.split(" ");
            int count = Integer.parseInt(words[1]);
            System.out.println(words[0].equals("open") ? client.open(count) : client.close(count));
        }
        Runtime.getRuntime().halt(0);
    }

    /** Opens connections, all to one address, and prints their number, and the reason if it could not open all. */
    private String open(int count) throws InterruptedException {
        int done = 0;
        try {
            byte last = (byte) (1 + bursts++ % ADDRESSES);
            InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, last});
            InetSocketAddress server = new InetSocketAddress(address, port);
            TcpStream[] opened = new TcpStream[count];
            for (; done < count; done++) {
                opened[done] = TcpStream.connect(server);
                streams.add(opened[done]);
            }
            long end = System.nanoTime() + PATIENCE_NANOS;
            for (TcpStream stream : opened) {
                while (!stream.finishConnect()) {
                    if (System.nanoTime() > end) {
                        return done + " a connect that does not end";
                    }
                    Thread.sleep(1);
                }
            }
            return Integer.toString(done);
        } catch (IOException e) {
            return done + " " + e.getMessage();
        }
    }

    /** Closes the oldest connections. */
    private String close(int count) {
        for (int i = 0; i < count; i++) {
            streams.remove().close();
        }
        return Integer.toString(count);
    }
}
