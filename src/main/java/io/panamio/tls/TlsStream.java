package io.panamio.tls;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Registry;
import io.panamio.ResourceExhaustedException;
import io.panamio.Source;
import io.panamio.SystemError;
import io.panamio.memory.Lease;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import io.panamio.net.GatherList;
import io.panamio.net.Shutdown;
import io.panamio.sys.Delivery;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;

/**
 * A TLS connection over another stream. It is read, written and registered like the stream below it.
 *
 * <h2>One rule for events</h2>
 * A read may have to write, for example in a handshake, and a write to read. The stream is therefore watched for both
 * directions, whatever the interest. <em>On any event of its token, call what you wanted to do:</em> the read, the
 * write, {@link #finishHandshake} or {@link #flush}.
 * {@snippet file="TlsSnippets.java" region="client"}
 *
 * <p>{@link #finishHandshake} is for those who must know the outcome first; reads and writes perform the handshake as
 * well, and would block until it is complete.
 *
 * <h2>Configuration</h2>
 * The engine has it: certificates and trust come with its {@link javax.net.ssl.SSLContext}; protocols, ALPN, server
 * names, and whether a client needs a certificate, are set by {@link SSLEngine#setSSLParameters}. What was negotiated
 * is read from the {@link #engine} too: the session, the certificates of the peer, the application protocol. A {@link
 * #client} checks that the certificate is valid for the host of its engine. A server that has several certificates
 * chooses by the requested name if its key manager is of the type {@code PKIX}. To replace certificates, create the
 * engines of new connections from a new context.
 *
 * <h2>Reading and writing</h2>
 * A read decrypts until the memory is full or the stream below is drained, so a short read means the same as for {@link
 * io.panamio.net.TcpStream}. Records are decrypted into the memory of the caller; only what exceeds it is held back.
 * Segments of a shared arena, of more than 2 GB, or of arrays other than {@code byte[]}, cost one more copy.
 *
 * <p>A write encrypts what it accepts at once, and holds back what the stream below does not take, at most 64 KiB;
 * every later call writes it first. {@link #flush} returns whether all was taken. A vectored write fills records with
 * several small segments.
 *
 * <p>Buffers come from the pool, of 32 and 64 KiB, and return to it whenever no part of a record is held: a connection
 * that is idle holds none. For a record, this class allocates nothing; the JDK's engine does. A view of the memory
 * that was passed last is kept, and of other memory made where a call reads or writes 16 KiB or more.
 *
 * <h2>The end</h2>
 * {@link #shutdown} of the write half sends close_notify, after which TLS 1.3 can still be read. A peer's close_notify
 * is the end of the stream; with TLS 1.2 it also ends writing. An end of the stream below without it is thrown as a
 * truncation, since an attacker could have caused it. {@link #close} sends close_notify if there is room.
 *
 * <p>A connection that has failed throws the same exception from every call. Malformed, oversized and plain-text
 * records, and a renegotiation, are refused: the peer gets a fatal alert.
 *
 * <p>Confined to the thread of its pool. Only tasks on an executor run elsewhere.
 */
public final class TlsStream implements DuplexStream, Source {
    private static final int HEADER = 5;
    private static final int MIN_TYPE = 20;
    private static final int HANDSHAKE_TYPE = 22;
    private static final int MAX_TYPE = 24;
    /** The maximum length of the data of a record, as the protocol defines it. */
    private static final int RECORD = 16 << 10;
    /** The size of the buffers of encrypted records: four are read, three are written with one call. */
    private static final int ENCRYPTED = 64 << 10;
    /** The size of the buffers of data: no record has more. */
    private static final int DATA = 32 << 10;
    /** The maximum number of records without data that one read handles, for fairness. */
    private static final int MAX_EMPTY = 64;
    /** The maximum number of records without data that are read while an answer to one cannot be written. */
    private static final int MAX_UNANSWERED = 8;
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    private static final Set<Interest> INTERESTS =
        Set.of(Interest.READABLE, Interest.WRITABLE, BOTH, Interest.HANG_UP);
    private static final int READY = Readiness.READABLE | Readiness.WRITABLE;

    private final DuplexStream stream;
    private final Source source;
    private final SSLEngine engine;
    private final SegmentPool pool;
    private final Executor executor;
    private final Duration timeout;
    private final long deadline;
    /** Completed when the handshake is over, or exceptionally at the deadline; null if there is none. */
    private final CompletableFuture<Void> timer;
    private final Thread owner = Thread.currentThread();
    private final Delivery delivery = new Delivery();
    private final View readView = new View();
    private final View writeView = new View();
    private final ByteBuffer[] into = new ByteBuffer[2];

    /** Records received, from the position to the limit. */
    private final Held in = new Held();
    /** Data decrypted, from the position to the limit. */
    private final Held data = new Held();
    /** Data accepted for the next record: up to the position, or, once sealed, from the position to the limit. */
    private final Held gathered = new Held();
    /** Records to be written, from {@link #outStart} to the position. */
    private final Held out = new Held();
    private int outStart;
    /** Whether the data gathered is to be written, and nothing is added to it. */
    private boolean sealed;

    private boolean connected;
    private boolean begun;
    private boolean handshaken;
    /** Whether an executor runs tasks; the engine is not used until they are done. */
    private volatile boolean tasksRun;
    /** Whether the engine has records to be written. */
    private boolean needsWrap;
    /** The number of records read whose answers could not be written. */
    private int unanswered;
    /** The maximum length of a record, without its header. */
    private int maxRecord = RECORD + 320; // with the padding, the MAC and the vector of TLS 1.2
    /** The length of the data of a full record of the engine, which may be less than the protocol allows. */
    private int recordSize = RECORD;
    /** Whether the protocol has renegotiation, as TLS 1.2 has. */
    private boolean renegotiable;
    /** Whether the last read of the stream below has drained it. */
    private boolean drained;
    /** Whether the data has ended. */
    private boolean ended;
    private boolean writeShut;
    /** Whether the engine has been closed for writing, which makes it send close_notify. */
    private boolean notified;
    private IOException failure;
    /** Whether a call has thrown the failure. */
    private boolean thrown;
    private boolean closed;

    /** A buffer that is leased only while it holds something. */
    private final class Held {
        private Lease lease;
        private MemorySegment memory;
        private ByteBuffer buffer;

        /** Acquires a cleared buffer, unless there is one. */
        ByteBuffer acquire(int size) throws IOException {
            if (lease == null) {
                Lease acquired = pool.acquire(size);
                if (acquired == null) {
                    throw new ResourceExhaustedException("no buffer of " + size + " bytes: the limit of " + pool
                        + " is reached", new SystemError.Failure("SegmentPool.acquire", 0, "ENOMEM"));
                }
                lease = acquired;
                memory = acquired.segment();
                buffer = acquired.buffer().clear();
            }
            return buffer;
        }

        boolean isEmpty() {
            return lease == null;
        }

        void release() {
            if (lease != null) {
                Lease released = lease;
                lease = null;
                memory = null;
                buffer = null;
                released.release();
            }
        }
    }

    private <S extends DuplexStream & Source> TlsStream(S stream, SSLEngine engine, SegmentPool pool,
            TlsOptions options) {
        this.stream = stream;
        this.source = stream;
        this.engine = engine;
        this.pool = pool;
        executor = options.tasks();
        timeout = options.handshakeTimeout();
        pool.acquired(); // throws if the pool belongs to another thread
        long nanos = timeout.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0 ? timeout.toNanos() : Long.MAX_VALUE;
        deadline = System.nanoTime() + nanos;
        timer = nanos == Long.MAX_VALUE ? null : new CompletableFuture<>();
        if (timer != null) {
            Delivery to = delivery;
            timer.orTimeout(nanos, TimeUnit.NANOSECONDS).whenComplete((done, late) -> {
                if (late != null) {
                    to.deliver(READY);
                }
            });
        }
    }

    /**
     * Creates the client's end of a TLS connection, with default options.
     *
     * @param <S> the type of the stream
     * @param stream the stream below, connected or connecting, which this owns from now on
     * @param engine see {@link #client(DuplexStream, SSLEngine, SegmentPool, TlsOptions)}
     * @param pool the pool of the buffers, of the current thread
     * @return the stream
     * @throws IllegalArgumentException as for {@link #client(DuplexStream, SSLEngine, SegmentPool, TlsOptions)}
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public static <S extends DuplexStream & Source> TlsStream client(S stream, SSLEngine engine, SegmentPool pool) {
        return client(stream, engine, pool, TlsOptions.DEFAULT);
    }

    /**
     * Creates the client's end of a TLS connection. Nothing is sent until the first call of {@link #finishHandshake}, a
     * read or a write.
     *
     * <p>Unless the parameters of the engine have an {@linkplain SSLParameters#setEndpointIdentificationAlgorithm
     * endpoint identification algorithm}, it is set to {@code HTTPS}: the certificate of the server must be valid for
     * the host for which the engine was created. An empty string turns that check off.
     *
     * @param <S> the type of the stream
     * @param stream the stream below, connected or connecting, which this owns from now on
     * @param engine an engine that is not in use, created for a host and a port, by which sessions are resumed
     * @param pool the pool of the buffers, of the current thread
     * @param options the options
     * @return the stream
     * @throws IllegalArgumentException if the engine has begun its handshake or is for datagrams, or if it has no host
     *     to check; the caller still owns the stream
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public static <S extends DuplexStream & Source> TlsStream client(S stream, SSLEngine engine, SegmentPool pool,
            TlsOptions options) {
        prepare(stream, engine, true);
        SSLParameters parameters = engine.getSSLParameters();
        if (parameters.getEndpointIdentificationAlgorithm() == null) {
            if (engine.getPeerHost() == null) {
                throw new IllegalArgumentException("the engine has no host for which the certificate must be valid: "
                    + "create it with a host and a port, or set the endpoint identification algorithm to \"\"");
            }
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            engine.setSSLParameters(parameters);
        }
        return new TlsStream(stream, engine, pool, options);
    }

    /**
     * Creates the server's end of a TLS connection, with default options.
     *
     * @param <S> the type of the stream
     * @param stream the stream below, connected or connecting, which this owns from now on
     * @param engine an engine that is not in use
     * @param pool the pool of the buffers, of the current thread
     * @return the stream
     * @throws IllegalArgumentException if the engine has begun its handshake or is for datagrams
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public static <S extends DuplexStream & Source> TlsStream server(S stream, SSLEngine engine, SegmentPool pool) {
        return server(stream, engine, pool, TlsOptions.DEFAULT);
    }

    /**
     * Creates the server's end of a TLS connection.
     *
     * @param <S> the type of the stream
     * @param stream the stream below, connected or connecting, which this owns from now on
     * @param engine an engine that is not in use
     * @param pool the pool of the buffers, of the current thread
     * @param options the options
     * @return the stream
     * @throws IllegalArgumentException if the engine has begun its handshake or is for datagrams; the caller still owns
     *     the stream
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public static <S extends DuplexStream & Source> TlsStream server(S stream, SSLEngine engine, SegmentPool pool,
            TlsOptions options) {
        prepare(stream, engine, false);
        return new TlsStream(stream, engine, pool, options);
    }

    private static void prepare(DuplexStream stream, SSLEngine engine, boolean client) {
        Objects.requireNonNull(stream, "stream");
        for (String protocol : engine.getEnabledProtocols()) {
            if (protocol.startsWith("DTLS")) {
                throw new IllegalArgumentException("an engine for datagrams: " + protocol);
            }
        }
        engine.setUseClientMode(client);
    }

    // ---- state

    /** Begins a call of the user. */
    private void begin() throws IOException {
        requireOpen();
        if (failure != null) {
            sendRest();
            thrown = true;
            throw failure;
        }
    }

    private void requireOpen() throws ClosedChannelException {
        requireOwner();
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    private void requireOwner() {
        if (Thread.currentThread() != owner) {
            throw new WrongThreadException("this stream belongs to " + owner);
        }
    }

    /** Handles an exception of the engine or the stream below: the connection has failed, unless only memory lacks. */
    private void fail(IOException e) {
        if (failure == null && !(e instanceof ResourceExhaustedException)) {
            failure = e;
            endTimer();
            in.release();
            data.release();
            gathered.release();
            needsWrap = begun && !tasksRun; // the alert
            sendRest();
        }
    }

    /** The same for an exception that the call throws. */
    private IOException thrown(IOException e) {
        fail(e);
        thrown |= e == failure;
        return e;
    }

    /** Writes what is left of a connection that has failed, such as an alert, as far as possible. */
    private void sendRest() {
        try {
            flushAll();
        } catch (IOException | RuntimeException e) {
            needsWrap = false;
            out.release();
        }
    }

    /**
     * Refuses what the peer has sent. Engines have no method that sends a fatal alert; a record that is too large makes
     * them send one.
     */
    private SSLException refused(String reason) {
        try {
            engine.unwrap(ByteBuffer.wrap(new byte[] {HANDSHAKE_TYPE, 3, 3, -1, -1}), EMPTY);
        } catch (SSLException e) {
            // as intended
        }
        return new SSLException(reason);
    }

    private void endTimer() {
        if (timer != null) {
            timer.complete(null);
        }
    }

    // ---- connecting

    /**
     * Returns whether the stream below is connected; for the handshake see {@link #finishHandshake}.
     *
     * @return true if connected, false while connecting
     * @throws ClosedChannelException if this is closed
     * @throws IOException if the connect failed
     */
    @Override
    public boolean finishConnect() throws IOException {
        begin();
        return connect();
    }

    private boolean connect() throws IOException {
        if (!connected) {
            connected = stream.finishConnect();
        }
        return connected;
    }

    /**
     * Performs the handshake as far as possible, after the connect. Call it after any event, until it returns true; or
     * just read or write, which do the same. Once it has returned true or thrown, every later call does the same.
     *
     * @return true if the handshake is complete; otherwise false, and an event arrives when it can continue
     * @throws SSLHandshakeException if the handshake failed, for example because a certificate is not trusted
     * @throws SocketTimeoutException if it took too long, see {@link TlsOptions#handshakeTimeout}
     * @throws ResourceExhaustedException if the pool has no buffer; call again later, as no event may follow
     * @throws ClosedChannelException if this is closed
     * @throws IOException if the connect failed, or the connection is broken
     */
    public boolean finishHandshake() throws IOException {
        begin();
        try {
            return handshake();
        } catch (IOException e) {
            throw thrown(e);
        } finally {
            releaseInput();
        }
    }

    /** Returns whether data can be read and written. */
    private boolean isReady() throws IOException {
        return handshaken ? !tasksRun : handshake();
    }

    private boolean handshake() throws IOException {
        if (handshaken) {
            return true;
        }
        if (timer != null && System.nanoTime() - deadline >= 0) {
            throw new SocketTimeoutException("no TLS handshake within " + timeout);
        }
        if (tasksRun || !connect()) {
            return false;
        }
        if (!begun) {
            begun = true;
            engine.beginHandshake();
        }
        while (!handshaken) {
            SSLEngineResult result;
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    if (!runTasks()) {
                        flushOut();
                        return false;
                    }
                    result = engine.unwrap(EMPTY, EMPTY); // throws what a task has thrown
                }
                case NEED_WRAP -> {
                    result = wrap(EMPTY);
                    if (result.getStatus() == Status.BUFFER_OVERFLOW && !flushOut()) {
                        return false;
                    }
                }
                default -> {
                    flushOut(); // even if it is not all written: the peer may wait for this to read
                    if (!hasRecord()) {
                        if (fill() == IoResult.WOULD_BLOCK) {
                            return false;
                        }
                        continue;
                    }
                    result = engine.unwrap(in.buffer, data.acquire(DATA));
                    data.release();
                    requireRecord(result);
                }
            }
            if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
                finished();
            } else if (result.getStatus() == Status.CLOSED) {
                throw new SSLHandshakeException("the peer has closed the connection during the handshake");
            }
        }
        flushAll();
        return true;
    }

    private void finished() {
        handshaken = true;
        endTimer();
        needsWrap = engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
        renegotiable = !engine.getSession().getProtocol().equals("TLSv1.3");
        if (!renegotiable) {
            maxRecord = RECORD + 256;
        }
        if (!in.isEmpty() && in.buffer.hasRemaining()) {
            delivery.deliver(Readiness.READABLE); // the stream below may be drained, and have no event
        }
    }

    /** Runs the delegated tasks, and returns whether they are done. */
    private boolean runTasks() throws IOException {
        if (executor == null) {
            runDelegated();
            return true;
        }
        tasksRun = true;
        try {
            executor.execute(() -> {
                try {
                    runDelegated();
                } finally {
                    tasksRun = false;
                    delivery.deliver(READY);
                }
            });
        } catch (RejectedExecutionException e) {
            tasksRun = false;
            throw new IOException("the executor has rejected a delegated task", e);
        }
        return !tasksRun;
    }

    private void runDelegated() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    // ---- reading

    /**
     * Reads into part of a segment, from as many records as are pending and fit.
     *
     * @param dst the segment to read into
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if {@code len} is 0
     * @throws IndexOutOfBoundsException if the part is not within the segment
     * @throws IllegalArgumentException if the segment is read-only
     * @throws ResourceExhaustedException if the pool has no buffer; call again later, as no event may follow
     * @throws ClosedChannelException if this is closed
     * @throws SSLException if the peer violates the protocol or has sent an alert, or if the stream below has ended
     *     without close_notify
     * @throws IOException if the connection is broken
     */
    @Override
    public long read(MemorySegment dst, long off, long len) throws IOException {
        if (dst.isReadOnly()) {
            throw new IllegalArgumentException("the segment to read into is read-only");
        }
        Objects.checkFromIndexSize(off, len, dst.byteSize());
        RawAccess.requireUsable(dst);
        begin();
        return len == 0 ? 0 : read(readView.of(dst, off, len), dst, off, len);
    }

    @Override
    public long read(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        begin();
        return len == 0 ? 0 : read(readView.of(dst, off, len), null, off, len);
    }

    /** Reads into a view, or, if that is null, into a segment. */
    private long read(ByteBuffer view, MemorySegment dst, long off, long len) throws IOException {
        long done = 0;
        drained = false;
        try {
            done = takeData(view, dst, off, len);
            if (ended && done == 0) {
                flushAll();
                return IoResult.EOF;
            }
            if (!isReady()) {
                return done > 0 ? done : IoResult.WOULD_BLOCK;
            }
            flushAll();
            for (int empty = 0; done < len && !ended && !tasksRun && unanswered < MAX_UNANSWERED;) {
                if (hasRecord()) {
                    int before = view == null ? 0 : view.position();
                    boolean has = unwrap(view);
                    done += view == null ? 0 : view.position() - before;
                    done += takeData(view, dst, off + done, len - done);
                    if (!has && ++empty == MAX_EMPTY) {
                        delivery.deliver(Readiness.READABLE); // the others have their turn first
                        break;
                    }
                } else if (drained && done > 0 || fill() == IoResult.WOULD_BLOCK) {
                    break;
                }
            }
            if (ended && done > 0 && done < len) {
                delivery.deliver(Readiness.READABLE | Readiness.READ_CLOSED);
            }
            return done > 0 ? done : ended ? IoResult.EOF : IoResult.WOULD_BLOCK;
        } catch (IOException e) {
            if (done == 0) {
                throw thrown(e);
            }
            fail(e);
            delivery.deliver(READY | Readiness.ERROR); // the next call throws
            return done;
        } finally {
            releaseInput();
        }
    }

    /** Moves decrypted data to the user, and returns the number of bytes. */
    private int takeData(ByteBuffer view, MemorySegment dst, long off, long len) {
        if (data.isEmpty() || len == 0) {
            return 0;
        }
        ByteBuffer from = data.buffer;
        int n = (int) Math.min(len, from.remaining());
        if (view == null) {
            MemorySegment.copy(data.memory, from.position(), dst, off, n);
        } else {
            view.put(view.position(), from, from.position(), n);
            view.position(view.position() + n);
        }
        from.position(from.position() + n);
        if (!from.hasRemaining()) {
            data.release();
        }
        return n;
    }

    /** Returns whether a complete record has been received, and refuses one that must not come. */
    private boolean hasRecord() throws IOException {
        if (in.isEmpty() || in.buffer.remaining() < HEADER) {
            return false;
        }
        int at = in.buffer.position();
        int type = in.buffer.get(at);
        if (type < MIN_TYPE || type > MAX_TYPE) {
            return true; // the engine refuses it
        }
        int length = in.buffer.getShort(at + HEADER - Short.BYTES) & 0xFFFF;
        if (length > maxRecord) {
            throw refused("a record of " + length + " bytes, which is more than " + maxRecord);
        }
        if (handshaken && renegotiable && type == HANDSHAKE_TYPE) {
            throw refused("the peer has started a renegotiation, which is not supported");
        }
        return in.buffer.remaining() >= HEADER + length;
    }

    /** Receives, and returns the number of bytes or WOULD_BLOCK. */
    private long fill() throws IOException {
        if (in.isEmpty()) {
            in.acquire(ENCRYPTED).limit(0);
        }
        ByteBuffer buffer = in.buffer.compact();
        int at = buffer.position();
        long n = 0;
        try {
            n = stream.read(in.memory, at, ENCRYPTED - at);
        } finally {
            buffer.position(0).limit(at + (int) Math.max(n, 0));
        }
        drained = n < ENCRYPTED - at;
        if (n == IoResult.EOF) {
            throw handshaken ? new SSLException("truncated: the stream has ended without close_notify")
                : new SSLHandshakeException("truncated: the stream has ended during the handshake");
        }
        return n;
    }

    /**
     * Decrypts a record. Data for which the view has no room is held. Returns whether there was any.
     */
    private boolean unwrap(ByteBuffer view) throws IOException {
        int length = in.buffer.getShort(in.buffer.position() + HEADER - Short.BYTES) & 0xFFFF;
        ByteBuffer rest = view == null || view.remaining() < length ? data.acquire(DATA) : null;
        into[0] = view == null ? rest : view;
        into[1] = view == null ? null : rest;
        int count = view == null || rest == null ? 1 : 2;
        SSLEngineResult result;
        try {
            result = engine.unwrap(in.buffer, into, 0, count);
        } finally {
            into[0] = null;
            into[1] = null;
        }
        if (!data.isEmpty() && !data.buffer.flip().hasRemaining()) {
            data.release();
        }
        requireRecord(result);
        if (result.getStatus() == Status.CLOSED) {
            ended = true;
            writeShut |= renegotiable; // TLS 1.2 ends both directions
            notified |= renegotiable;
        }
        HandshakeStatus next = result.getHandshakeStatus();
        if (next == HandshakeStatus.NEED_TASK && runTasks()) {
            next = engine.getHandshakeStatus();
        }
        if (next == HandshakeStatus.NEED_WRAP) {
            needsWrap = true;
            unanswered++;
            flushAll();
        }
        return result.bytesProduced() > 0;
    }

    /** Refuses a record that is complete by its header, but not for the engine. */
    private void requireRecord(SSLEngineResult result) throws IOException {
        if (result.getStatus() == Status.BUFFER_UNDERFLOW || result.getStatus() == Status.BUFFER_OVERFLOW) {
            throw refused("not a record of TLS");
        }
    }

    private void releaseInput() {
        if (!in.isEmpty() && (!in.buffer.hasRemaining() || ended && handshaken)) {
            in.release();
        }
    }

    // ---- writing

    /**
     * Writes part of a segment. What is accepted is encrypted at once; if the stream below does not take all of it, the
     * rest is held back, see {@link #flush}.
     *
     * @param src the segment to write from
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes accepted, possibly fewer than given; WOULD_BLOCK if none; 0 only if {@code len} is 0
     * @throws IndexOutOfBoundsException if the part is not within the segment
     * @throws ResourceExhaustedException if the pool has no buffer; call again later, as no event may follow
     * @throws ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.byteSize());
        RawAccess.requireUsable(src);
        beginWrite();
        if (len == 0) {
            return 0;
        }
        long done = 0;
        try {
            if (!isWritable()) {
                return IoResult.WOULD_BLOCK;
            }
            done = put(src, off, len, true);
            seal();
            flushAll();
            return done > 0 ? done : IoResult.WOULD_BLOCK;
        } catch (IOException e) {
            return accepted(done, e);
        }
    }

    @Override
    public long write(byte[] src, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        beginWrite();
        if (len == 0) {
            return 0;
        }
        long done = 0;
        try {
            if (!isWritable()) {
                return IoResult.WOULD_BLOCK;
            }
            done = encrypt(writeView.of(src, off, len), true);
            flushAll();
            return done > 0 ? done : IoResult.WOULD_BLOCK;
        } catch (IOException e) {
            return accepted(done, e);
        }
    }

    /** {@inheritDoc} Small segments share records. */
    @Override
    public long writeVectored(MemorySegment... srcs) throws IOException {
        long len = 0;
        for (MemorySegment src : srcs) {
            RawAccess.requireUsable(src);
            len += src.byteSize();
        }
        beginWrite();
        if (len == 0) {
            return 0;
        }
        long done = 0;
        try {
            if (!isWritable()) {
                return IoResult.WOULD_BLOCK;
            }
            for (MemorySegment src : srcs) {
                long size = src.byteSize();
                long n = put(src, 0, size, size == len - done);
                done += n;
                if (n < size) {
                    break;
                }
            }
            seal();
            flushAll();
            return done > 0 ? done : IoResult.WOULD_BLOCK;
        } catch (IOException e) {
            return accepted(done, e);
        }
    }

    /** {@inheritDoc} Small segments share records. */
    @Override
    public long write(GatherList list) throws IOException {
        for (int i = 0; i < list.capacity(); i++) {
            if (list.remaining(i) > 0) {
                RawAccess.requireUsable(list.segment(i));
            }
        }
        beginWrite();
        if (list.isDone()) {
            return 0;
        }
        long done = 0;
        try {
            if (!isWritable()) {
                return IoResult.WOULD_BLOCK;
            }
            for (int i = 0; done < list.remaining(); i++) {
                long left = list.remaining(i);
                long n = put(list.segment(i), list.offset(i), left, left == list.remaining() - done);
                done += n;
                if (n < left) {
                    break;
                }
            }
            seal();
            flushAll();
            list.advance(done);
            return done > 0 ? done : IoResult.WOULD_BLOCK;
        } catch (IOException e) {
            list.advance(e instanceof ResourceExhaustedException ? done : 0);
            return accepted(done, e);
        }
    }

    /** Begins a write. */
    private void beginWrite() throws IOException {
        begin();
        if (writeShut) {
            throw new IOException("this stream was shut down for writing, or the peer has ended TLS 1.2");
        }
    }

    /** Returns whether records can be written, after those that are held back. */
    private boolean isWritable() throws IOException {
        return isReady() && flushAll();
    }

    /** Returns the result of a write that an exception has ended: only one for lack of memory leaves data accepted. */
    private long accepted(long done, IOException e) throws IOException {
        if (e instanceof ResourceExhaustedException && done > 0) {
            seal();
            return done;
        }
        throw thrown(e);
    }

    /**
     * Accepts bytes for records: full records, and the last one, are made from the segment itself, others from gathered
     * segments. Returns the number of bytes, fewer than given if the stream below is full.
     */
    private long put(MemorySegment src, long off, long len, boolean last) throws IOException {
        long done = 0;
        while (done < len) {
            long left = len - done;
            ByteBuffer view = gathered.isEmpty() && (last || left >= recordSize) ? writeView.of(src, off + done, left)
                : null;
            if (view != null) {
                int n = encrypt(view, last);
                done += n;
                if (n < left && (last || left - n >= recordSize)) {
                    break;
                }
            } else {
                ByteBuffer to = gathered.isEmpty() ? gathered.acquire(DATA).limit(recordSize) : gathered.buffer;
                int n = (int) Math.min(left, to.remaining());
                MemorySegment.copy(src, off + done, gathered.memory, to.position(), n);
                to.position(to.position() + n);
                done += n;
                if (!to.hasRemaining() && !wrapGathered()) {
                    break;
                }
            }
        }
        return done;
    }

    /** Makes a full record of what is gathered; returns false if there is no room for it. */
    private boolean wrapGathered() throws IOException {
        seal();
        while (gathered.buffer.remaining() >= recordSize) {
            if (wrap(gathered.buffer).getStatus() == Status.BUFFER_OVERFLOW && !flushOut()) {
                return false;
            }
        }
        sealed = false;
        if (gathered.buffer.hasRemaining()) {
            gathered.buffer.compact().limit(recordSize);
        } else {
            gathered.release();
        }
        return true;
    }

    /** Ends the record that is being gathered. */
    private void seal() {
        if (!gathered.isEmpty() && !sealed) {
            sealed = true;
            gathered.buffer.flip();
        }
    }

    /** Makes records of a buffer, full ones or all, until the stream below is full; returns the number of bytes. */
    private int encrypt(ByteBuffer from, boolean all) throws IOException {
        int start = from.position();
        while (from.remaining() >= (all ? 1 : recordSize)) {
            if (wrap(from).getStatus() == Status.BUFFER_OVERFLOW && !flushOut()) {
                break;
            }
        }
        return from.position() - start;
    }

    /** Has the engine make one record, of data or of its own. */
    private SSLEngineResult wrap(ByteBuffer from) throws IOException {
        if (out.isEmpty()) {
            out.acquire(ENCRYPTED);
            outStart = 0;
        }
        SSLEngineResult result = engine.wrap(from, out.buffer);
        if (result.getStatus() != Status.BUFFER_OVERFLOW) {
            needsWrap = result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && result.bytesProduced() > 0;
        }
        if (result.bytesConsumed() > 0 && from.hasRemaining()) {
            recordSize = result.bytesConsumed();
        }
        if (out.buffer.position() == outStart) {
            out.release();
        }
        if (from.hasRemaining() && (result.getStatus() == Status.CLOSED
                || result.getStatus() == Status.OK && result.bytesConsumed() + result.bytesProduced() == 0)) {
            throw new SSLException("the engine does not write: " + result);
        }
        return result;
    }

    /**
     * Makes records of what is gathered, of close_notify if that is due, and of what the engine has, as far as there is
     * room. Returns whether none of it is left.
     */
    private boolean wrapHeld() throws IOException {
        for (;;) {
            boolean due = writeShut && !notified && (handshaken || closed);
            if (gathered.isEmpty() && !due && !needsWrap) {
                unanswered = 0;
                return true;
            }
            if (tasksRun) {
                return false;
            }
            if (gathered.isEmpty() && due) {
                engine.closeOutbound();
                notified = true;
                needsWrap = true;
            }
            if (wrap(gathered.isEmpty() ? EMPTY : gathered.buffer).getStatus() == Status.BUFFER_OVERFLOW) {
                return false;
            }
            if (!gathered.isEmpty() && !gathered.buffer.hasRemaining()) {
                gathered.release();
                sealed = false;
            }
        }
    }

    /** Writes all that is held back, as far as the stream below takes it; returns whether nothing is left. */
    private boolean flushAll() throws IOException {
        for (;;) {
            boolean wrapped = wrapHeld();
            if (!flushOut()) {
                return false;
            }
            if (wrapped || tasksRun) {
                return wrapped;
            }
        }
    }

    /** Writes the records that are made; returns whether all were taken. */
    private boolean flushOut() throws IOException {
        if (out.isEmpty()) {
            return true;
        }
        long n = stream.write(out.memory, outStart, out.buffer.position() - outStart);
        outStart += (int) Math.max(n, 0);
        if (outStart < out.buffer.position()) {
            return false;
        }
        out.release();
        return true;
    }

    /**
     * Writes what earlier calls have held back. Call it before {@link #close}, until it returns true, to be sure that
     * everything was sent; every other call writes it too.
     *
     * @return true if the stream below has taken everything, close_notify after a {@link #shutdown} included; otherwise
     *     false, and an event arrives when there is room again
     * @throws ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    @Override
    public boolean flush() throws IOException {
        begin();
        try {
            return (!writeShut || isReady()) && flushAll();
        } catch (IOException e) {
            throw thrown(e);
        } finally {
            releaseInput();
        }
    }

    // ---- the end

    /**
     * Shuts down one half of the connection, or both, without blocking. For the write half, close_notify is sent after
     * everything that was accepted, and after the handshake; {@link #flush} returns whether it was. The stream below is
     * not shut down. After that, TLS 1.3 can still be read for as long as the peer writes, TLS 1.2 only until the peer
     * answers.
     *
     * @param how the half to shut down
     * @throws ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    @Override
    public void shutdown(Shutdown how) throws IOException {
        Objects.requireNonNull(how, "how");
        begin();
        try {
            if (how != Shutdown.WRITE) {
                ended = true;
                data.release();
                releaseInput();
            }
            if (how != Shutdown.READ) {
                writeShut = true;
                flushAll();
            }
        } catch (IOException e) {
            throw thrown(e);
        }
    }

    /**
     * Returns the pending error of the connection, which no call has thrown yet, and clears it. Later calls still throw
     * that of TLS.
     *
     * @return the error, or null if none is pending
     * @throws ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    @Override
    public IOException takeError() throws IOException {
        requireOpen();
        if (failure == null) {
            return stream.takeError();
        }
        boolean pending = !thrown;
        thrown = true;
        return pending ? failure : null;
    }

    /**
     * Returns whether this stream is open.
     *
     * @return {@code false} once {@link #close} has been called
     */
    public boolean isOpen() {
        return !closed;
    }

    /**
     * Closes this stream and the one below. Sends close_notify first, as far as there is room for it and what was held
     * back; see {@link #flush}. Idempotent.
     *
     * @throws WrongThreadException if this belongs to another thread
     */
    @Override
    public void close() {
        requireOwner();
        if (closed) {
            return;
        }
        closed = true;
        try {
            endTimer();
            delivery.deregister();
            writeShut |= failure == null && begun;
            sendRest();
            if (handshaken && !ended && failure == null) {
                drain();
            }
        } finally {
            in.release();
            data.release();
            gathered.release();
            out.release();
            readView.clear();
            writeView.clear();
            stream.close();
        }
    }

    /**
     * Discards what has been received: a close with unread bytes, such as tickets of TLS 1.3, would reset the
     * connection, and the peer could lose what was sent to it.
     */
    private void drain() {
        try {
            if (in.isEmpty()) {
                in.acquire(ENCRYPTED);
            }
            stream.read(in.memory, 0, ENCRYPTED);
        } catch (IOException | RuntimeException e) {
            // as far as possible
        }
    }

    // ---- registration

    /**
     * {@inheritDoc} It is watched for both directions, whatever the interest, edge-triggered.
     *
     * @throws IllegalArgumentException if the interest is not one of READABLE and WRITABLE, both, or HANG_UP
     */
    @Override
    public void register(Registry registry, long token, Interest interest) throws IOException {
        check(interest);
        source.register(registry, token, BOTH);
        deliver(registry, token);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the interest is not one of READABLE and WRITABLE, both, or HANG_UP
     */
    @Override
    public void reregister(Registry registry, long token, Interest interest) throws IOException {
        check(interest);
        source.reregister(registry, token, BOTH);
        deliver(registry, token);
    }

    @Override
    public void deregister(Registry registry) throws IOException {
        requireOpen();
        delivery.deregister();
        source.deregister(registry);
    }

    private void check(Interest interest) throws IOException {
        requireOpen();
        if (!INTERESTS.contains(interest)) {
            throw new IllegalArgumentException("a TlsStream is watched for both directions, edge-triggered; not for "
                + interest);
        }
    }

    /** Registers the events of this stream itself, and makes one of what is held. */
    private void deliver(Registry registry, long token) throws IOException {
        delivery.register(Selector.of(registry), token, READY);
        if (!data.isEmpty() || !in.isEmpty() || failure != null) {
            delivery.deliver(READY);
        }
    }

    // ---- the engine

    /**
     * Returns the engine, for what was negotiated: {@link SSLEngine#getSession} has the protocol, the cipher suite and
     * the certificates of the peer, {@link SSLEngine#getApplicationProtocol} the choice of ALPN. Only this stream
     * wraps, unwraps and closes it.
     *
     * @return the engine
     */
    public SSLEngine engine() {
        return engine;
    }

    /** {@return the stream below, and the protocol if the handshake is complete} */
    @Override
    public String toString() {
        String state = closed ? ", closed" : handshaken ? ", " + engine.getSession().getProtocol() : "";
        return "TlsStream[" + stream + state + "]";
    }
}
