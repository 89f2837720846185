package io.panamio.test.soak;

import static io.panamio.IoResult.WOULD_BLOCK;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.panamio.Event;
import io.panamio.Interest;
import io.panamio.net.DatagramBatch;
import io.panamio.net.DatagramSource;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.test.soak.Calls.Kind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Random;

/** A datagram socket: sends numbered datagrams, and checks that each of its peer arrives once. */
final class DatagramEnd implements SoakLoop.Actor {
    private static final int STEPS = 16;
    private static final int BATCH = 8;

    private final DatagramSession session;
    private final SoakLoop loop;
    private final Random random;
    private final DatagramSource<?> socket;
    /** Empty if the socket is connected. */
    private final SocketAddressBuffer to;
    private final SocketAddressBuffer from = SocketAddressBuffer.create();
    private final DatagramBatch batch;
    private final long stream;
    private final int count;
    /** The most datagrams on their way, so that none is lost, and their size. */
    private final int window;
    private final int size;
    private final BitSet seen = new BitSet();
    private DatagramEnd peer;
    private long token;
    private int sent;
    private int received;
    private boolean readable;
    private boolean writable = true;
    private boolean queued;
    private boolean closed;

    DatagramEnd(DatagramSession session, DatagramSource<?> socket, SocketAddressBuffer to, long stream, int count,
            int window, int size) {
        this.session = session;
        this.socket = socket;
        this.to = to;
        this.stream = stream;
        this.count = count;
        this.window = window;
        this.size = size;
        loop = session.loop;
        random = session.random;
        batch = random.nextInt(3) == 0 ? DatagramBatch.allocate(BATCH, size + Long.BYTES) : null;
    }

    void open(DatagramEnd peer) throws IOException {
        this.peer = peer;
        token = loop.actors.insert(this);
        loop.poll.registry().register(socket, token, Interest.READABLE.add(Interest.WRITABLE));
        loop.run.calls.add(Kind.REGISTER);
    }

    boolean isDone() {
        return received == count;
    }

    void close() {
        closed = true;
        loop.actors.remove(token);
        socket.close();
        loop.run.calls.add(Kind.CLOSE);
    }

    @Override
    public void event(Event event) throws IOException {
        if (event.isError()) {
            throw new AssertionError("an error: " + session);
        }
        readable |= event.isReadable();
        writable |= event.isWritable();
        turn();
    }

    @Override
    public void expired() {
        throw new AssertionError("has no timer");
    }

    @Override
    public void turn() throws IOException {
        queued = false;
        if (closed) {
            return;
        }
        int before = received;
        int steps = 0;
        boolean progress = true;
        while (progress && steps++ < STEPS) {
            progress = readable && (batch == null ? receive() : receiveBatch());
            if (sent < count && writable && sent - peer.received < window) {
                progress |= batch == null ? send() : sendBatch();
            }
        }
        if (random.nextInt(64) == 0) {
            loop.poll.registry().reregister(socket, token, Interest.READABLE.add(Interest.WRITABLE));
            loop.run.calls.add(Kind.REGISTER);
        }
        if (progress) {
            later();
        }
        if (received > before) {
            peer.later(); // its window has opened
        }
        if (isDone()) {
            session.received();
        }
    }

    private void later() {
        if (!queued && !closed) {
            queued = true;
            loop.later(this);
        }
    }

    /** Writes the next datagram, and returns its length. */
    private int next(int number, MemorySegment into) {
        int length = random.nextInt(size);
        into.set(JAVA_LONG_UNALIGNED, 0, stream << 32 | number);
        MemorySegment.copy(loop.run.pattern.bytes, loop.run.pattern.offset(stream, number), into, Long.BYTES, length);
        return Long.BYTES + length;
    }

    private boolean send() throws IOException {
        MemorySegment datagram = loop.buffer.asSlice(0, next(sent, loop.buffer));
        loop.run.calls.add(Kind.DATAGRAM);
        long n = to.isEmpty() ? socket.send(datagram) : socket.sendTo(datagram, to);
        if (n == WOULD_BLOCK) {
            writable = false;
            return false;
        }
        sent++;
        return true;
    }

    private boolean sendBatch() throws IOException {
        batch.clear();
        int n = Math.min(Math.min(BATCH, count - sent), window - (sent - peer.received));
        for (int i = 0; i < n; i++) {
            batch.add(loop.buffer.asSlice(0, next(sent + i, loop.buffer)), to);
        }
        loop.run.calls.add(Kind.DATAGRAM);
        int taken = socket.sendBatch(batch, 0);
        if (taken == WOULD_BLOCK) {
            writable = false;
            return false;
        }
        sent += taken;
        return true;
    }

    private boolean receive() throws IOException {
        loop.run.calls.add(Kind.DATAGRAM);
        long n = to.isEmpty() ? socket.recv(loop.buffer) : socket.recvFrom(loop.buffer, from);
        if (n == WOULD_BLOCK) {
            readable = false;
            return false;
        }
        if (!to.isEmpty() && !from.equals(to)) {
            throw new AssertionError("a datagram of " + from + ": " + session);
        }
        check(loop.buffer.asSlice(0, n));
        return true;
    }

    private boolean receiveBatch() throws IOException {
        loop.run.calls.add(Kind.DATAGRAM);
        int n = socket.recvBatch(batch);
        for (int i = 0; i < n; i++) {
            check(batch.data(i).asSlice(0, batch.length(i)));
        }
        if (n < BATCH) {
            readable = false;
        }
        return n > 0;
    }

    private void check(MemorySegment datagram) {
        long header = datagram.get(JAVA_LONG_UNALIGNED, 0);
        int number = (int) header;
        long ofPeer = stream ^ 1;
        if (header >>> 32 != (ofPeer & 0xFFFF_FFFFL) || number >= count || seen.get(number)) {
            throw new AssertionError("a foreign or repeated datagram, " + number + ": " + session);
        }
        seen.set(number);
        loop.run.pattern.check(datagram.asSlice(Long.BYTES), ofPeer, number);
        received++;
        loop.run.bytes.add(datagram.byteSize());
    }

    @Override
    public String toString() {
        return "[sent " + sent + ", received " + received + " of " + count + (readable ? " r" : "")
            + (writable ? " w" : "") + "]";
    }
}
