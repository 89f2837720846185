package io.panamio.test.poll;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.poll.Model.E;
import static io.panamio.test.poll.Model.P;
import static io.panamio.test.poll.Model.R;
import static io.panamio.test.poll.Model.RC;
import static io.panamio.test.poll.Model.W;
import static io.panamio.test.poll.Model.WC;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.Poll;
import io.panamio.SourceFd;
import io.panamio.SystemError;
import io.panamio.Waker;
import io.panamio.net.MessageSocket;
import io.panamio.net.Pipe;
import io.panamio.net.ReadableStream;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixListener;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixSeqpacketListener;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A random history, determined by a seed, of operations on sources of every kind on the back end of this JVM, except a
 * Poll in a Poll, which poll(2) refuses, terminals (see {@link EdgesTest}) and sends without a copy. After each
 * operation it records what the events have reported to the user of each source: the conditions that were reported and
 * not found drained since. This is the same on every back end, though one may report a condition more often than
 * another.
 *
 * <p>It can run in a JVM of its own without JUnit, to get the results of another back end for comparison.
 */
final class History {
    /** Separates an operation from what is known after it. */
    static final String KNOWN = " ->";

    private static final int STEPS = 100;
    private static final int SLOTS = 3;
    private static final long WAKER = 99;

    /** The operations of a source itself after which, if they throw nothing, only new conditions are reported. */
    private static final Set<String> QUIET =
        Set.of("read 1", "read 64", "drain", "recv", "write", "fill", "accept", "accept all");

    private final Random random;
    private final Duration settle;
    private final Poll poll = Poll.open();
    private final Waker waker = Waker.open(poll.registry(), WAKER);
    private final Events events;
    private final Slot[] slots = new Slot[SLOTS];
    private final byte[] buffer = new byte[1 << 16];
    private boolean woken;
    private int made;
    /** How an event of this step contradicts the models. */
    private String fault = "";

    private History(long seed, Duration settle) throws IOException {
        random = new Random(seed);
        this.settle = settle;
        events = Events.withCapacity(List.of(1, 2, 64).get(random.nextInt(3)));
    }

    /** Runs the history of a seed. Each line has an operation and what is known after it, slot by slot. */
    static List<String> run(long seed, Duration settle) throws Exception {
        List<String> lines = new ArrayList<>();
        run(seed, settle, false, lines);
        return lines;
    }

    /**
     * Runs the history of a seed, and returns how its events contradict the {@link Model} of a source, with what led to
     * it; empty if they do not.
     */
    static String check(long seed, Duration settle) throws Exception {
        List<String> lines = new ArrayList<>();
        String wrong = run(seed, settle, true, lines);
        return wrong.isEmpty() ? "" : "seed " + seed + wrong + ", after\n" + String.join("\n", lines);
    }

    private static String run(long seed, Duration settle, boolean checking, List<String> lines) throws Exception {
        History history = new History(seed, settle);
        try {
            for (int step = 0; step < STEPS; step++) {
                String operation = history.operate();
                String spin = history.settle() ? "" : " SPIN";
                lines.add(operation + KNOWN + history.known() + spin);
                String wrong = checking ? spin + history.lost() + history.fault : "";
                if (!wrong.isEmpty()) {
                    return wrong;
                }
            }
        } finally {
            history.close();
        }
        return "";
    }

    /** Prints histories. The arguments are the first seed, the number of seeds, and the time to settle in ms. */
    public static void main(String[] args) throws Exception {
        long first = Long.parseLong(args[0]);
        Duration settle = Duration.ofMillis(Long.parseLong(args[2]));
        for (long seed = first; seed < first + Long.parseLong(args[1]); seed++) {
            System.out.println(seed + "\n" + String.join("\n", run(seed, settle)));
        }
    }

    private void close() throws Exception {
        for (Slot slot : slots) {
            if (slot != null) {
                slot.close();
            }
        }
        waker.close();
        poll.close();
    }

    // ---- polling

    /**
     * Polls until events have reported nothing new for the time to settle, in which data in transit arrives; false if
     * the same is reported repeatedly.
     */
    private boolean settle() throws Exception {
        boolean wait = random.nextInt(20) == 0; // rarely: it takes a millisecond, enough for many steps
        Duration timeout = settle.isPositive() ? settle : wait ? Duration.ofMillis(1) : Duration.ZERO;
        boolean level = false;
        for (Slot slot : slots) {
            level |= slot != null && slot.level;
        }
        long since = System.nanoTime();
        int old = 0;
        while (level || old < 500) {
            int n = timeout.isZero() ? poll.pollNow(events) : poll.poll(events, timeout);
            if (n == 0 && timeout.isZero()) {
                return true;
            }
            timeout = n == 0 ? Duration.ZERO : timeout;
            boolean isNew = false;
            for (Event event : events) {
                isNew |= learn(event);
            }
            old = isNew ? 0 : old + 1;
            since = isNew ? System.nanoTime() : since;
            if (level && old > 4 * SLOTS && System.nanoTime() - since >= settle.toNanos()) {
                return true;
            }
        }
        return false;
    }

    /** Returns what must be reported of the sources and is not, not even after a while. */
    private String lost() throws Exception {
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < SLOTS; i++) {
            Slot slot = slots[i];
            if (slot == null) {
                continue;
            }
            long deadline = System.nanoTime() + Loop.LONG.toNanos();
            while (slot.missing() != 0 && System.nanoTime() < deadline) {
                poll.poll(events, Duration.ofMillis(100));
                for (Event event : events) {
                    learn(event);
                }
            }
            s.append(slot.missing() == 0 ? "" : " LOST " + names(slot.missing()) + " of " + i);
        }
        return s.toString();
    }

    private boolean learn(Event event) {
        if (event.token() == WAKER) {
            boolean isNew = !woken;
            woken = true;
            return isNew;
        }
        int flags = (event.isReadable() ? R : 0) | (event.isWritable() ? W : 0) | (event.isPriority() ? P : 0)
            | (event.isReadClosed() ? RC : 0) | (event.isWriteClosed() ? WC : 0) | (event.isError() ? E : 0);
        for (Slot slot : slots) {
            if (slot != null && slot.token == event.token()) {
                return slot.learn(flags);
            }
        }
        throw new AssertionError("an event of what is closed or not registered: " + event);
    }

    private String known() {
        StringBuilder s = new StringBuilder();
        for (Slot slot : slots) {
            s.append(' ').append(slot == null ? "-" : slot);
        }
        return s.append(woken ? " woken" : "").toString();
    }

    // ---- operations

    private interface Operation {
        Object run() throws Exception;
    }

    private interface Opening {
        AutoCloseable run() throws Exception;
    }

    private String operate() throws Exception {
        woken = false;
        fault = "";
        for (Slot slot : slots) {
            if (slot != null) {
                slot.begin();
            }
        }
        if (random.nextInt(20) == 0) {
            waker.wake();
            return "wake";
        }
        int i = random.nextInt(SLOTS);
        if (slots[i] == null) {
            slots[i] = make();
            return i + ": " + slots[i].kind + ", register " + slots[i].register();
        }
        Slot slot = slots[i];
        slot.touched = true;
        int choice = random.nextInt(24);
        if (choice == 0) {
            return i + ": reregister " + slot.reregister();
        }
        if (choice == 1 || !slot.registered) {
            return i + ": " + (slot.registered ? slot.deregister() : "register " + slot.register());
        }
        if (choice == 2 || slot.over && choice < 8) {
            slot.close();
            slots[i] = null;
            return i + ": close";
        }
        List<String> names = List.copyOf(slot.operations.keySet());
        String name = names.get(random.nextInt(names.size()));
        Object result;
        try {
            result = slot.operations.get(name).run();
        } catch (IOException e) {
            result = e instanceof SystemError error ? error.errnoName() : e.getClass().getSimpleName();
            slot.model.unclear = true;
        }
        slot.touched = !(QUIET.contains(name) && slot.model.isHealthy())
            || Loop.hasTwoEvents(); // each read there reports what is left, each write the room that is left
        return i + ": " + name + " = " + result;
    }

    private Interest interest() {
        Interest what = List.of(Interest.READABLE, Interest.WRITABLE, Interest.READABLE.add(Interest.WRITABLE),
            Interest.READABLE.add(Interest.WRITABLE), Interest.HANG_UP, Interest.READABLE.add(Interest.PRIORITY),
            Feature.PRIORITY.isAvailable() ? Interest.PRIORITY : Interest.HANG_UP,
            Interest.READABLE.add(Interest.HANG_UP)).get(random.nextInt(8));
        return switch (random.nextInt(8)) {
            case 0 -> what.level();
            case 1 -> what.oneShot();
            default -> what;
        };
    }

    /** A source with its peers, the operations on them, and what is known of the source. */
    private final class Slot {
        final String kind;
        final IoSource source;
        final Map<String, Operation> operations = new LinkedHashMap<>();
        final List<AutoCloseable> closeables = new ArrayList<>();
        final Model model = new Model();
        Interest interest;
        long token = -1;
        boolean registered;
        boolean level;
        boolean fifo;
        boolean datagrams;
        boolean ended;
        boolean unsure; // whether a short read does not mean drained
        boolean over; // only errors and ends can follow
        int known;
        int seen; // what the events of this step have reported
        int before; // what events could report before this step
        boolean touched; // whether this step can have made what is known be reported again
        boolean fired;

        Slot(String kind, IoSource source) {
            this.kind = kind;
            this.source = source;
            closeables.add(source);
        }

        String register() throws IOException {
            watch();
            registered = true;
            poll.registry().register(source, token, interest);
            return interest.toString();
        }

        String reregister() throws IOException {
            if (!registered) {
                return "not";
            }
            watch();
            poll.registry().reregister(source, token, interest);
            return interest.toString();
        }

        private void watch() {
            interest = interest();
            known = 0;
            unsure = false;
            fired = false;
            touched = true;
            token = made++;
            level = interest.toString().contains("level");
        }

        String deregister() throws IOException {
            poll.registry().deregister(source);
            registered = false;
            level = false;
            token = -1;
            return "deregister";
        }

        void on(String name, Operation operation) {
            operations.put(name, operation);
        }

        void begin() {
            seen = 0;
            touched = false;
            model.newlyUrgent = false;
            before = model.possible();
        }

        /** Updates what is known after an event, and checks it; returns whether it has reported anything new. */
        boolean learn(int flags) {
            boolean isNew = (flags & ~known) != 0;
            int wrong = flags & ~((before | model.possible()) & Model.asked(interest));
            if (wrong != 0) {
                fault = " FALSE " + names(wrong) + " of " + kind;
            } else if (isOneShot() && fired) {
                fault = " SECOND " + names(flags) + " of " + kind;
            } else if (!isNew && !level && !touched) {
                fault = " AGAIN " + names(flags) + " of " + kind;
            }
            fired = true;
            seen |= flags;
            known |= flags;
            unsure |= (flags & (RC | E | P)) != 0;
            return isNew;
        }

        private boolean isOneShot() {
            return interest.toString().contains("one-shot");
        }

        /** Returns what must be reported and is not: in each step anew, if the interest is level-triggered. */
        int missing() {
            if (!registered || isOneShot() && fired) {
                return 0;
            }
            boolean repeats = level
                && !(kind.equals("pipe writer") && Behaviour.BROKEN_PIPES_ARE_REPORTED_ONCE.isHere());
            return model.missing(interest, repeats ? seen : known);
        }

        void forget(int flags) {
            known &= ~flags;
        }

        /** Updates what is known after a read, by the rules of the documentation. */
        Object read(long n, long asked) {
            model.unread -= datagrams && n >= 0 ? 1 : Math.max(n, 0);
            if (n == EOF) {
                ended = true;
                forget(R);
            } else if (n == WOULD_BLOCK) {
                forget(fifo ? R | P | RC | WC : R | P);
                unsure = (known & RC) != 0;
            } else if (n < asked && !unsure && !datagrams) {
                forget(R);
            }
            return n;
        }

        /** Updates the model after a peer has written bytes, or sent a datagram. */
        Object sent(long n) {
            model.unread += datagrams && n >= 0 ? 1 : Math.max(n, 0);
            return n;
        }

        Object written(long n, long asked) {
            boolean drained = n == WOULD_BLOCK || n < asked && !datagrams;
            if (drained) {
                forget(W);
            }
            model.written(datagrams && n >= 0 ? 1 : n, drained);
            return n;
        }

        void ending(String name, AutoCloseable end) {
            on(name, () -> {
                end.close();
                over = true;
                model.closed = true;
                model.ended |= !datagrams;
                return "done";
            });
        }

        /** An operation that takes the pending error if it throws. */
        void taking(String name, Operation operation) {
            on(name, () -> {
                try {
                    return operation.run();
                } catch (IOException e) {
                    forget(((SystemError) e).errnoName().equals("EPIPE") ? 0 : E); // EPIPE leaves the error pending
                    throw e;
                }
            });
        }

        void close() throws Exception {
            for (AutoCloseable closeable : closeables) {
                closeable.close();
            }
        }

        /**
         * Returns what is known, without what differs between back ends: readable at an end, write-closed if
         * unconnected.
         */
        @Override
        public String toString() {
            if (!registered) {
                return "-";
            }
            return names(known & ~(ended && !fifo ? R : 0) & ~(datagrams ? WC : 0));
        }
    }

    private static String names(int flags) {
        StringBuilder s = new StringBuilder();
        String names = "rwpRWe";
        for (int i = 0; i < names.length(); i++) {
            if ((flags & 1 << i) != 0) {
                s.append(names.charAt(i));
            }
        }
        return s.isEmpty() ? "." : s.toString();
    }

    // ---- kinds

    private static final InetSocketAddress ANY;

    static {
        try {
            ANY = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether the back end has the sources of a case of {@link #make}. */
    private static boolean isAvailable(int kind) {
        return switch (kind) {
            case 2, 17 -> Feature.UNIX_STREAMS.isAvailable();
            case 3 -> Feature.UNIX_DATAGRAMS.isAvailable();
            case 4 -> Feature.UNIX_SEQPACKETS.isAvailable();
            case 7 -> Feature.ABSTRACT_ADDRESSES.isAvailable() && Feature.UNIX_SEQPACKETS.isAvailable();
            case 8, 9 -> Feature.PIPES.isAvailable();
            case 10, 13, 16 -> Feature.DESCRIPTORS.isAvailable();
            case 18, 19 -> !Behaviour.REFUSED_DATAGRAMS_END_EVENTS.isHere();
            default -> true;
        };
    }

    private Slot make() throws Exception {
        int kind;
        do {
            kind = random.nextInt(20);
        } while (!isAvailable(kind));
        return switch (kind) {
            case 0, 1, 14, 15 -> {
                try (TcpListener listener = TcpListener.bind(ANY)) {
                    TcpStream client = TcpStream.connect(listener.localAddress());
                    TcpStream server = listener.accept();
                    client.finishConnect();
                    client.setNoDelay(true);
                    server.setNoDelay(true);
                    boolean accepted = random.nextBoolean();
                    yield streams("TCP", accepted ? server : client, accepted ? client : server);
                }
            }
            case 2, 17 -> {
                UnixStream[] pair = UnixStream.pair();
                yield streams("Unix stream", pair[0], pair[1]);
            }
            case 3 -> {
                UnixDatagram[] pair = UnixDatagram.pair();
                yield messages("Unix datagram", pair[0], pair[1]);
            }
            case 4 -> {
                UnixSeqpacket[] pair = UnixSeqpacket.pair();
                yield messages("seqpacket", pair[0], pair[1]);
            }
            case 5 -> {
                UdpSocket socket = UdpSocket.bind(ANY);
                UdpSocket peer = UdpSocket.bind(ANY);
                socket.connect(peer.localAddress());
                peer.connect(socket.localAddress());
                yield messages("UDP", socket, peer);
            }
            case 6 -> listener();
            case 7 -> unixListener();
            case 8 -> {
                Pipe pipe = Pipe.open();
                Slot slot = new Slot("pipe reader", pipe.receiver());
                slot.closeables.add(pipe.sender());
                reading(slot, pipe.receiver());
                slot.model.unclear = Behaviour.PIPES_ARE_BIDIRECTIONAL.isHere();
                slot.on("peer writes", () -> slot.sent(pipe.sender().write(buffer, 0, 3)));
                slot.ending("peer closes", pipe.sender());
                yield slot;
            }
            case 9 -> {
                Pipe pipe = Pipe.open();
                Slot slot = new Slot("pipe writer", pipe.sender());
                slot.closeables.add(pipe.receiver());
                writing(slot, pipe.sender());
                slot.model.onlyWritable = true;
                slot.on("peer reads all", () -> readAll(slot, pipe.receiver()));
                slot.on("peer reads little", () -> {
                    long n = pipe.receiver().read(buffer, 0, 100);
                    slot.model.receivedByPeer(n);
                    return n;
                });
                slot.ending("peer closes", () -> {
                    pipe.receiver().close();
                    slot.model.failed = true;
                });
                yield slot;
            }
            case 10, 16 -> fifo();
            case 11 -> connecting();
            case 12 -> eventFd();
            case 13 -> timer();
            default -> refused();
        };
    }

    private void reading(Slot slot, ReadableStream stream) {
        slot.taking("read 1", () -> slot.read(stream.read(buffer, 0, 1), 1));
        slot.taking("read 64", () -> slot.read(stream.read(buffer, 0, 64), 64));
        slot.taking("drain", () -> {
            for (;;) {
                long n = stream.read(buffer, 0, 1000);
                slot.read(n, 1000);
                if (n < 0) {
                    return n;
                }
            }
        });
    }

    private void writing(Slot slot, WritableStream stream) {
        slot.model.writable = true;
        slot.taking("write", () -> slot.written(stream.write(buffer, 0, 2), 2));
        slot.taking("fill", () -> {
            for (;;) {
                long n = stream.write(buffer, 0, buffer.length);
                slot.written(n, buffer.length);
                if (n < 0) {
                    return n;
                }
            }
        });
    }

    private Object readAll(Slot slot, ReadableStream peer) throws IOException {
        long n;
        do {
            n = peer.read(buffer, 0, buffer.length);
            slot.model.receivedByPeer(n);
        } while (n > 0);
        return n;
    }

    private Slot streams(String kind, StreamSocket<?> stream, StreamSocket<?> peer) {
        Slot slot = new Slot(kind, stream);
        slot.closeables.add(peer);
        reading(slot, stream);
        writing(slot, stream);
        slot.on("peer writes", () -> slot.sent(peer.write(buffer, 0, 3)));
        slot.on("peer writes and ends", () -> {
            slot.sent(peer.write(buffer, 0, 3));
            peer.shutdown(Shutdown.WRITE);
            slot.model.ended = true;
            return "done";
        });
        slot.on("peer writes urgently", () -> {
            int n = NativeCalls.sendUrgent(peer.fd(), (byte) 1);
            slot.model.urgent = true;
            slot.model.newlyUrgent = n == 1
                && (peer instanceof TcpStream || !Behaviour.UNIX_SOCKETS_LACK_URGENT_DATA.isHere());
            return n;
        });
        slot.on("urgent byte", () -> {
            long n = stream.tryIo(Interest.PRIORITY, NativeCalls::receiveUrgent);
            slot.forget(n >= 0 ? P : 0);
            return n;
        });
        slot.on("peer reads all", () -> readAll(slot, peer));
        slot.on("peer shuts down", () -> {
            peer.shutdown(Shutdown.WRITE);
            slot.model.ended = true;
            return "done";
        });
        slot.ending("peer closes", peer);
        if (peer instanceof TcpStream) {
            slot.ending("peer resets", () -> {
                peer.setOption(StandardSocketOptions.SO_LINGER, 0);
                peer.close();
                slot.model.failed = true;
            });
        }
        if (random.nextInt(4) == 0) {
            Shutdown how = random.nextBoolean() ? Shutdown.WRITE : Shutdown.READ;
            slot.on("shutdown " + how, () -> {
                stream.shutdown(how);
                slot.model.readShut |= how == Shutdown.READ;
                slot.model.writeShut |= how == Shutdown.WRITE;
                return "done";
            });
        }
        takingErrors(slot, stream::takeError);
        return slot;
    }

    private static void takingErrors(Slot slot, Operation take) {
        slot.on("takeError", () -> {
            Object error = take.run();
            slot.forget(error != null ? E : 0);
            return error == null ? "none" : ((SystemError) error).errnoName();
        });
    }

    private Slot messages(String kind, MessageSocket<?> socket, MessageSocket<?> peer) {
        Slot slot = new Slot(kind, socket);
        slot.closeables.add(peer);
        slot.datagrams = true;
        slot.model.writable = true;
        slot.taking("recv", () -> slot.read(socket.recv(buffer, 0, 64), 64));
        slot.taking("drain", () -> {
            long n;
            do {
                n = socket.recv(buffer, 0, 64);
                slot.read(n, 64);
            } while (n > 0);
            return n;
        });
        slot.taking("send", () -> slot.written(socket.send(buffer, 0, 2), 2));
        if (!(socket instanceof UdpSocket)) {
            slot.taking("fill", () -> {
                long n;
                do {
                    n = socket.send(buffer, 0, 1000);
                    slot.written(n, 1000);
                } while (n > 0);
                return n;
            });
        }
        slot.on("peer sends", () -> slot.sent(peer.send(buffer, 0, 3)));
        slot.on("peer receives", () -> {
            long n = peer.recv(buffer, 0, 64);
            slot.model.receivedByPeer(n > 0 ? 1 : 0);
            return n;
        });
        slot.on("peer receives all", () -> {
            long n;
            do {
                n = peer.recv(buffer, 0, 64);
                slot.model.receivedByPeer(n > 0 ? 1 : 0);
            } while (n > 0);
            return n;
        });
        if (random.nextBoolean()) {
            slot.ending("peer closes", peer);
        }
        takingErrors(slot, socket::takeError);
        return slot;
    }

    /** A UDP socket whose sends are refused until a peer binds the port. */
    private Slot refused() throws IOException {
        UdpSocket socket = UdpSocket.bind(ANY);
        UdpSocket[] peer = {UdpSocket.bind(ANY)};
        InetSocketAddress nobody = peer[0].localAddress();
        peer[0].close();
        socket.connect(nobody);
        Slot slot = new Slot("UDP, refused", socket);
        slot.datagrams = true;
        slot.model.writable = true;
        slot.model.unclear = true;
        slot.closeables.add(() -> peer[0].close());
        slot.taking("recv", () -> slot.read(socket.recv(buffer, 0, 64), 64));
        slot.taking("send", () -> slot.written(socket.send(buffer, 0, 2), 2));
        slot.on("peer binds and sends", () -> {
            peer[0].close();
            peer[0] = UdpSocket.bind(nobody);
            return slot.sent(peer[0].sendTo(MemorySegment.ofArray(new byte[3]), socket.localAddress()));
        });
        slot.on("peer closes", () -> {
            peer[0].close();
            return "done";
        });
        takingErrors(slot, socket::takeError);
        return slot;
    }

    private Slot listener() throws IOException {
        TcpListener listener = TcpListener.bind(ANY);
        InetSocketAddress address = listener.localAddress();
        return listener("TCP listener", listener, () -> TcpStream.connect(address), listener::accept);
    }

    private Slot unixListener() throws IOException {
        UnixAddress address = UnixAddress.ofAbstract(
            ("panamio-" + ProcessHandle.current().pid() + "-" + System.nanoTime()).getBytes());
        if (made % 2 == 0) {
            UnixListener listener = UnixListener.bind(address);
            return listener("Unix listener", listener, () -> UnixStream.connect(address), listener::accept);
        }
        UnixSeqpacketListener listener = UnixSeqpacketListener.bind(address);
        return listener("seqpacket listener", listener, () -> UnixSeqpacket.connect(address), listener::accept);
    }

    private Slot listener(String kind, IoSource listener, Opening connect, Opening accept) {
        Slot slot = new Slot(kind, listener);
        slot.on("connect", () -> {
            slot.closeables.add(connect.run());
            slot.model.unread++;
            return "done";
        });
        slot.on("accept", () -> accepted(slot, accept.run()));
        slot.on("accept all", () -> {
            while (accepted(slot, accept.run()) != null) {
                Thread.onSpinWait();
            }
            return "done";
        });
        return slot;
    }

    private static String accepted(Slot slot, AutoCloseable stream) {
        if (stream == null) {
            slot.forget(R);
            return null;
        }
        slot.closeables.add(stream);
        slot.model.unread--;
        return "one";
    }

    private Slot fifo() throws Exception {
        Path path = Files.createTempDirectory("panamio").resolve("fifo");
        NativeCalls.makeFifo(path);
        Pipe.Receiver receiver = Pipe.Receiver.fromFd(NativeCalls.open(path, 0));
        Slot slot = new Slot("FIFO", receiver);
        slot.fifo = true;
        slot.model.unclear = true;
        slot.closeables.add(() -> Files.delete(path));
        slot.closeables.add(() -> Files.delete(path.getParent()));
        reading(slot, receiver);
        List<Pipe.Sender> writers = new ArrayList<>();
        slot.on("open", () -> {
            Pipe.Sender writer = Pipe.Sender.fromFd(NativeCalls.open(path, 1));
            writers.add(writer);
            slot.closeables.add(writer);
            return writers.size();
        });
        slot.on("peer writes", () -> writers.isEmpty() ? "-" : slot.sent(writers.getLast().write(buffer, 0, 3)));
        slot.on("peer closes", () -> {
            if (!writers.isEmpty()) {
                writers.removeLast().close();
            }
            return writers.size();
        });
        return slot;
    }

    /** A connect that is refused, or pending until a connection is accepted. */
    private Slot connecting() throws IOException {
        TcpListener full = TcpListener.bind(ANY);
        InetSocketAddress address = full.localAddress();
        boolean refused = random.nextBoolean();
        if (refused) {
            full.close();
        }
        TcpStream stream = TcpStream.connect(address);
        Slot slot = new Slot(refused ? "refused" : "connecting", stream);
        slot.closeables.add(full);
        slot.model.failed = refused;
        slot.on("finishConnect", () -> {
            try {
                return stream.finishConnect();
            } catch (IOException e) {
                slot.forget(E);
                throw e;
            }
        });
        reading(slot, stream);
        writing(slot, stream);
        takingErrors(slot, stream::takeError);
        return slot;
    }

    private Slot eventFd() throws IOException {
        EventFd source = new EventFd(0);
        Slot slot = new Slot("eventfd", source);
        slot.model.writable = true;
        slot.on("add", () -> {
            source.add(1);
            slot.model.unread = 1;
            return "done";
        });
        slot.on("take", () -> {
            long n = source.take();
            slot.model.unread = 0;
            slot.forget(n == WOULD_BLOCK ? R : 0);
            return n;
        });
        return slot;
    }

    private Slot timer() {
        int fd = NativeCalls.timerfd();
        SourceFd source = new SourceFd(fd);
        Slot slot = new Slot("timerfd", source);
        slot.closeables.add(() -> NativeFds.close(fd));
        slot.on("expire", () -> {
            NativeCalls.timerfdExpire(fd);
            slot.model.unread = 1;
            return "done";
        });
        slot.on("take", () -> {
            long n = source.tryIo(Interest.READABLE, f -> {
                long expirations = NativeCalls.eventfdRead(f); // read(2) of eight bytes
                return expirations < 0 ? WOULD_BLOCK : expirations;
            });
            slot.model.unread = 0;
            slot.forget(n == WOULD_BLOCK ? R : 0);
            return n;
        });
        return slot;
    }
}
