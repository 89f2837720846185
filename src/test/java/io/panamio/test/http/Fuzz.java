package io.panamio.test.http;

import io.panamio.test.http.Rfc9112.Message;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/** Clients that send generated requests, each on a new connection, until enough answers are judged. */
final class Fuzz {
    private static final int TIMEOUT = 300_000;
    private static final int MAX_FAILURES = 10;

    private final Servers servers;
    private final Judge judge;
    private final long seed;
    private final AtomicLong connections = new AtomicLong();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    Fuzz(Servers servers, Judge judge, long seed) {
        this.servers = servers;
        this.judge = judge;
        this.seed = seed;
    }

    /** Starts clients that end after so many answers. */
    List<Thread> start(int threads, long answers) {
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            all.add(Thread.ofPlatform().daemon().start(() -> {
                while (judge.answers.sum() < answers && failures.size() < MAX_FAILURES) {
                    long number = seed + connections.incrementAndGet();
                    byte[] sent = {};
                    try {
                        Random random = new Random(number);
                        sent = new Requests(random).connection();
                        InetSocketAddress to = servers.address(random.nextBoolean());
                        judge.judge(sent, exchange(sent, to, random));
                    } catch (IOException | RuntimeException | Error e) {
                        failures.add(new AssertionError(
                            "seed " + number + ": " + e.getMessage() + "\n" + Judge.visible(sent), e));
                    }
                }
            }));
        }
        return all;
    }

    /** Throws what one of the clients has thrown. */
    void check() {
        if (!failures.isEmpty()) {
            AssertionError all = new AssertionError(failures.size() + " answers are wrong");
            failures.forEach(all::addSuppressed);
            throw all;
        }
    }

    long connections() {
        return connections.get();
    }

    /** Sends in pieces, and reads to the end. */
    private static List<Answer> exchange(byte[] sent, InetSocketAddress to, Random random) throws IOException {
        int most = switch (random.nextInt(4)) {
            case 0 -> sent.length < 2000 ? 1 : 100;
            case 1 -> 20;
            case 2 -> 1000;
            default -> sent.length;
        };
        try {
            return exchange(sent, to, random, most);
        } catch (SocketException e) { // reset, as a piece came after the last answer: no client may send it then
            return exchange(sent, to, random, 0);
        }
    }

    /** Sends in pieces of at most so many bytes, or, if it is 0, everything at once. */
    private static List<Answer> exchange(byte[] sent, InetSocketAddress to, Random random, int most)
            throws IOException {
        List<Message> messages = Rfc9112.parse(sent);
        try (Socket socket = new Socket(to.getAddress(), to.getPort())) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT);
            OutputStream out = socket.getOutputStream();
            for (int at = 0; at < sent.length;) {
                int n = most == 0 ? sent.length : Math.min(1 + random.nextInt(most), sent.length - at);
                out.write(sent, at, n);
                at += n;
            }
            socket.shutdownOutput();
            InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            List<Answer> answers = new ArrayList<>();
            for (;;) {
                int i = answers.size();
                Answer answer = Answer.read(in, i < messages.size() && messages.get(i).method.equals("HEAD"));
                if (answer == null) {
                    return answers;
                }
                answers.add(answer);
            }
        }
    }
}
