package io.panamio.test.hosts;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Poll;
import io.panamio.Waker;
import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.Future;

/** Carries packets between two hosts, in a thread of its own; a rule says what becomes of each. */
final class Wire implements AutoCloseable {
    /** Called for each packet of a socket, in the thread of the wire: passes or answers it, or else it is lost. */
    interface Rule {
        void handle(Packet packet) throws IOException;
    }

    /** Loses every packet. */
    static final Rule CUT = packet -> { };

    private record Due(long time, Tun to, byte[] bytes) {
    }

    private static final long CLOSE = 2;

    volatile Rule rule = this::pass;
    private final Host[] hosts;
    private final PriorityQueue<Due> due = new PriorityQueue<>((x, y) -> Long.signum(x.time - y.time));
    private final Poll poll;
    private final Waker waker;
    private final Future<Void> carrying;

    Wire(Host... hosts) throws IOException {
        this.hosts = hosts;
        poll = Poll.open();
        waker = Waker.open(poll.registry(), CLOSE);
        for (int i = 0; i < 2; i++) {
            poll.registry().register(hosts[i].tun, i, Loop.R);
        }
        carrying = Background.start(this::carry);
    }

    private Void carry() throws IOException {
        Events events = Events.withCapacity(4);
        for (;;) {
            if (due.isEmpty()) {
                poll.poll(events);
            } else {
                poll.poll(events, Duration.ofNanos(Math.max(0, due.peek().time - System.nanoTime())));
            }
            for (Event event : events) {
                if (event.token() == CLOSE) {
                    return null;
                }
                Host from = hosts[(int) event.token()];
                for (byte[] bytes; (bytes = from.tun.read()) != null;) {
                    Packet packet = new Packet(from, bytes);
                    Rule now = packet.isOfSocket() ? rule : this::pass;
                    now.handle(packet);
                }
            }
            while (!due.isEmpty() && due.peek().time - System.nanoTime() <= 0) {
                Due first = due.remove();
                first.to.write(first.bytes);
            }
        }
    }

    // ---- for rules

    void pass(Packet packet) throws IOException {
        (packet.from() == hosts[0] ? hosts[1] : hosts[0]).tun.write(packet.bytes());
    }

    /** Passes a packet after a while; others may overtake it. */
    void pass(Packet packet, long nanos) {
        Tun to = (packet.from() == hosts[0] ? hosts[1] : hosts[0]).tun;
        due.add(new Due(System.nanoTime() + nanos, to, packet.bytes()));
    }

    /** Answers that nobody has the port. */
    void refuse(Packet packet) throws IOException {
        packet.from().tun.write(packet.refusal());
    }

    /** Answers that the destination cannot be reached. */
    void unreachable(Packet packet, int code) throws IOException {
        packet.from().tun.write(packet.unreachable(code));
    }

    /** Passes packets of up to this number of bytes, and answers others that they are too big. */
    void limit(Packet packet, int mtu) throws IOException {
        if (packet.length() > mtu) {
            packet.from().tun.write(packet.tooBig(mtu));
        } else {
            pass(packet);
        }
    }

    /** Returns a rule that loses a share of the packets, doubles one, and delays each by up to 10 ms. */
    Rule lossy(double lost, double doubled, Random random) {
        return packet -> {
            double share = random.nextDouble();
            for (int times = share < lost ? 0 : share < lost + doubled ? 2 : 1; times > 0; times--) {
                pass(packet, random.nextInt(1_000_000, 10_000_000));
            }
        };
    }

    /** Ends the thread, which must not have failed. */
    @Override
    public void close() throws IOException {
        waker.wake();
        try {
            Background.result(carrying);
        } catch (Exception e) {
            throw new IOException(e);
        } finally {
            poll.close();
        }
    }
}
