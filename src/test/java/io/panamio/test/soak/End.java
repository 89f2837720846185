package io.panamio.test.soak;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;

import io.panamio.Event;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.Source;
import io.panamio.net.DuplexStream;
import io.panamio.net.ReadableStream;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.net.TcpStream;
import io.panamio.net.WritableStream;
import io.panamio.pipeline.RingBuffer;
import io.panamio.test.soak.Calls.Kind;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;

/** One end of a stream: sends bytes of its own, and checks those of the other end. */
final class End implements SoakLoop.Actor {
    private static final int STEPS = 8;
    private static final Duration PAUSE = Duration.ofMillis(3);
    private static final boolean URGENT_DATA_IS_SILENT = !Feature.PRIORITY.isAvailable();

    private final StreamSession session;
    private final SoakLoop loop;
    private final Random random;
    /** The numbers of what it sends and receives. */
    private final long outgoing;
    private final long incoming;
    private final long toSend;
    private final long toReceive;
    private long sent;
    private long received;

    private Source source;
    /** The stream itself, or the one below TLS. */
    private IoSource raw;
    private ReadableStream in;
    private WritableStream out;
    private Kind kind;
    private boolean connected;
    private boolean readable = true;
    private boolean writable = true;
    /** Whether to read until a read would block, even after a short one. */
    private boolean toTheEnd;
    private boolean ended;
    private boolean shut;
    private boolean flushed;
    private boolean done;
    private boolean closed;
    private boolean queued;
    private boolean paused;
    private long pause;
    private long pausedUntil;
    /** Whether the registration must change. */
    private boolean rearm;
    private Arena ringArena;
    private RingBuffer ring;
    private MemorySegment own;

    /** Guards what another thread uses to reregister. */
    private final Object lock = new Object();
    private long token = -1;
    private boolean registered;
    private Interest interest;
    private boolean oneShot;
    private boolean level;

    End(StreamSession session, long outgoing, long toSend, long toReceive) {
        this.session = session;
        this.outgoing = outgoing;
        this.toSend = toSend;
        this.toReceive = toReceive;
        incoming = outgoing ^ 1;
        loop = session.loop;
        random = session.random;
    }

    long toSend() {
        return toSend;
    }

    long toReceive() {
        return toReceive;
    }

    long moved() {
        return sent + received;
    }

    boolean isNew() {
        return raw == null;
    }

    boolean isDone() {
        return done;
    }

    boolean isClosed() {
        return closed;
    }

    // ---- opening and registering

    void open(IoSource source, ReadableStream in, WritableStream out, boolean connected) throws IOException {
        this.source = source;
        raw = source;
        this.in = in;
        this.out = out;
        this.connected = connected;
        kind = session.medium == StreamSession.Medium.PIPE ? Kind.PIPE : Kind.STREAM;
        token = loop.actors.insert(this);
        if (connected) {
            begin();
        }
        register(token);
    }

    /** Prepares a connected stream. */
    private void begin() throws IOException {
        if (session.medium == StreamSession.Medium.TLS) {
            upgrade();
        } else if (random.nextInt(8) == 0) {
            own = raw.arena(loop.pool).allocate(4096);
        }
        if (in != null && random.nextInt(16) == 0) {
            ringArena = Arena.ofConfined();
            ring = RingBuffer.allocate(ringArena, 1 << 14);
        }
    }

    private void upgrade() throws IOException {
        boolean wasRegistered = registered;
        if (wasRegistered) {
            deregister();
        }
        TcpStream stream = (TcpStream) raw;
        TlsStream tls = session.isServer(this) ? TlsStream.server(stream, Tls.server(), loop.pool, Tls.OPTIONS)
            : TlsStream.client(stream, Tls.client(), loop.pool, Tls.OPTIONS);
        source = tls;
        in = tls;
        out = tls;
        kind = Kind.TLS;
        if (wasRegistered) {
            register(token);
        }
    }

    private Interest wanted() {
        oneShot = false;
        level = false;
        boolean read = in != null && !ended;
        boolean write = out != null && (!flushed || !connected);
        Interest wanted = read ? Interest.READABLE : write ? Interest.WRITABLE : Interest.HANG_UP;
        wanted = read && (write || random.nextBoolean()) && out != null ? wanted.add(Interest.WRITABLE) : wanted;
        if (kind == Kind.TLS || wanted == Interest.HANG_UP) {
            return wanted;
        }
        int mode = random.nextInt(8);
        oneShot = mode == 0;
        level = mode == 1 && read && !write;
        return oneShot ? wanted.oneShot() : level ? Interest.READABLE.level() : wanted;
    }

    private void register(long token) throws IOException {
        synchronized (lock) {
            this.token = token;
            interest = wanted();
            loop.poll.registry().register(source, token, interest);
            registered = true;
        }
        loop.run.calls.add(Kind.REGISTER);
    }

    private void reregister() throws IOException {
        synchronized (lock) {
            rearm = false;
            if (random.nextBoolean()) {
                loop.actors.remove(token);
                token = loop.actors.insert(this);
            }
            interest = wanted();
            loop.poll.registry().reregister(source, token, interest);
        }
        loop.run.calls.add(Kind.REGISTER);
    }

    private void deregister() throws IOException {
        synchronized (lock) {
            registered = false;
            loop.poll.registry().deregister(source);
        }
        loop.run.calls.add(Kind.REGISTER);
    }

    /** Reregisters, in another thread. */
    void reregisterElsewhere() throws IOException {
        synchronized (lock) {
            if (registered) {
                oneShot = false;
                level = false;
                interest = in == null ? Interest.WRITABLE : out == null ? Interest.READABLE
                    : Interest.READABLE.add(Interest.WRITABLE);
                loop.poll.registry().reregister(source, token, interest);
                loop.run.calls.add(Kind.REGISTER);
            }
        }
    }

    // ---- closing

    static void reset(TcpStream stream) throws IOException {
        stream.setOption(StandardSocketOptions.SO_LINGER, 0);
    }

    void resetIfTcp() throws IOException {
        if (raw instanceof TcpStream stream) {
            reset(stream);
        }
    }

    /** Closes the source, in another thread. */
    void closeSource() {
        raw.close();
        loop.run.calls.add(Kind.CLOSE);
    }

    void close() {
        if (closed) {
            return;
        }
        closed = true;
        synchronized (lock) {
            registered = false;
        }
        loop.actors.remove(token);
        if (paused) {
            loop.cancel(pause);
        }
        if (source instanceof TlsStream tls) {
            tls.close();
        } else if (raw != null) {
            raw.close();
        }
        if (ringArena != null) {
            ringArena.close();
        }
        loop.run.calls.add(Kind.CLOSE);
    }

    // ---- transferring

    @Override
    public void event(Event event) throws IOException {
        boolean all = kind == Kind.TLS || event.isError();
        readable |= all || event.isReadable() || event.isReadClosed();
        writable |= all || event.isWritable() || event.isWriteClosed();
        toTheEnd |= event.isReadClosed() || event.isError() || event.isPriority() || URGENT_DATA_IS_SILENT;
        rearm |= oneShot;
        turn();
    }

    @Override
    public void expired() throws IOException {
        if (System.nanoTime() - pausedUntil < 0) {
            throw new AssertionError("a timer has expired early");
        }
        paused = false;
        turn();
    }

    @Override
    public void turn() throws IOException {
        queued = false;
        if (!closed && session.abrupt && !raw.isOpen()) { // closed elsewhere
            close();
            session.ended(this);
        }
        if (closed || paused) {
            return;
        }
        try {
            if (!connected && !connect()) {
                return;
            }
            int steps = 0;
            while (steps < STEPS && step()) {
                steps++;
            }
            if (!closed) {
                next(steps == STEPS);
            }
        } catch (IOException | IllegalStateException e) {
            if (!session.abrupt) {
                throw new AssertionError(session + " has failed", e);
            }
            close();
            session.ended(this);
        }
    }

    /** Finishes to connect, and sends the number of the session. */
    private boolean connect() throws IOException {
        loop.run.calls.add(Kind.CONNECT);
        if (!((DuplexStream) source).finishConnect()) {
            if (rearm) {
                reregister();
            }
            return false;
        }
        connected = true;
        byte[] number = ByteBuffer.allocate(Long.BYTES).putLong(session.number).array();
        long n = out.write(number, 0, number.length);
        loop.run.calls.add(Kind.STREAM);
        if (n != number.length) {
            throw new AssertionError("the first write: " + n);
        }
        begin();
        return true;
    }

    /** Decides what comes after a turn. */
    private void next(boolean more) throws IOException {
        if (rearm || random.nextInt(64) == 0) {
            reregister();
        } else if (random.nextInt(256) == 0) {
            deregister();
            register(token);
        } else if (random.nextInt(256) == 0 && source instanceof IoSource) {
            loop.others.submit(this::reregisterElsewhere);
        }
        if (!done && random.nextInt(512) == 0) {
            paused = true;
            pausedUntil = System.nanoTime() + PAUSE.toNanos();
            pause = loop.schedule(token, PAUSE);
        } else if (more && !queued) {
            queued = true;
            loop.later(this);
        }
    }

    private boolean step() throws IOException {
        boolean progress = in != null && !ended && readable && receive();
        if (out != null && !shut && (writable || sent == toSend)) {
            progress |= send();
        }
        if (shut && !flushed) {
            flushed = out.flush();
        }
        if (session.breaks(this)) {
            return false;
        }
        if ((in == null || ended) && (out == null || flushed) && !done) {
            done = true;
            End other = session.other(this);
            if (out == null || in == null || session.plan == StreamSession.Plan.CLOSE || other.done || other.closed) {
                close();
                session.ended(this);
            }
            return false;
        }
        return progress && !closed;
    }

    private boolean receive() throws IOException {
        int asked = Session.size(random);
        MemorySegment buffer = own != null ? own : loop.buffer;
        asked = (int) Math.min(asked, buffer.byteSize());
        loop.run.calls.add(kind);
        long n;
        MemorySegment got = buffer;
        if (ring != null) {
            asked = (int) ring.writableBytes();
            n = ring.readFrom(in);
            got = ring.memory().asSlice(ring.readOffset());
            if (n > 0) {
                ring.advanceRead(n);
            }
        } else {
            switch (random.nextInt(5)) {
                case 0 -> {
                    n = in.read(loop.array, 0, asked);
                    got = MemorySegment.ofArray(loop.array);
                }
                case 1 -> {
                    n = in.read(loop.bytes.clear().limit(asked));
                    got = MemorySegment.ofBuffer(loop.bytes.clear());
                }
                case 2 -> {
                    int first = random.nextInt(asked + 1);
                    n = in.readVectored(buffer.asSlice(0, first), buffer.asSlice(first, asked - first));
                }
                case 3 -> {
                    if (in instanceof StreamSocket<?> socket) {
                        long peeked = socket.peek(buffer.asSlice(0, asked));
                        loop.run.calls.add(kind);
                        if (peeked > 0) {
                            loop.run.pattern.check(buffer.asSlice(0, peeked), incoming, received);
                        }
                    }
                    n = in.read(buffer, 0, asked);
                }
                default -> n = in.read(buffer, 0, asked);
            }
        }
        if (n == WOULD_BLOCK) {
            readable = false;
            toTheEnd = false;
            return false;
        }
        if (n == EOF) {
            ended = true;
            rearm |= level; // it would be reported for ever
            if (received != toReceive && !session.abrupt) {
                throw new AssertionError("lost bytes: " + session);
            }
            return true;
        }
        if (received + n > toReceive) {
            throw new AssertionError("too many bytes: " + session);
        }
        loop.run.pattern.check(got.asSlice(0, n), incoming, received);
        received += n;
        loop.run.bytes.add(n);
        if (n < asked && !toTheEnd && random.nextBoolean()) {
            readable = false; // a short read has drained the stream
            return false;
        }
        return true;
    }

    private boolean send() throws IOException {
        if (sent == toSend) {
            return shut();
        }
        int length = (int) Math.min(Session.size(random), toSend - sent);
        long offset = loop.run.pattern.offset(outgoing, sent);
        MemorySegment bytes = loop.run.pattern.bytes;
        loop.run.calls.add(kind);
        long n = switch (random.nextInt(6)) {
            case 0 -> {
                MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, offset, loop.array, 0, length);
                yield out.write(loop.array, 0, length);
            }
            case 1 -> out.write(loop.bytes.clear().put(bytes.asSlice(offset, length).asByteBuffer()).flip());
            case 2 -> {
                int first = random.nextInt(length + 1);
                yield out.writeVectored(bytes.asSlice(offset, first), bytes.asSlice(offset + first, length - first));
            }
            case 3 -> loop.file.transferTo(offset, length, out);
            default -> out.write(bytes, offset, length);
        };
        if (n == WOULD_BLOCK) {
            writable = false;
            return false;
        }
        sent += n;
        return true;
    }

    private boolean shut() throws IOException {
        if (session.plan == StreamSession.Plan.CLOSE && session.isServer(this)) {
            shut = ended || in == null;
            flushed = shut;
            return shut;
        }
        if (out instanceof DuplexStream duplex) {
            duplex.shutdown(Shutdown.WRITE);
            loop.run.calls.add(kind);
        }
        shut = true;
        flushed = out.flush();
        return true;
    }

    @Override
    public String toString() {
        return "[sent " + sent + " of " + toSend + ", received " + received + " of " + toReceive
            + (ended ? " ended" : "") + (shut ? " shut" : "") + (done ? " done" : "") + (closed ? " closed" : "")
            + (readable ? " r" : "") + (writable ? " w" : "") + (paused ? " paused" : "") + " " + interest + "]";
    }
}
