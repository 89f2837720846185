package io.panamio.tls;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Registry;
import io.panamio.ResourceExhaustedException;
import io.panamio.Source;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import io.panamio.net.GatherList;
import io.panamio.net.Shutdown;
import io.panamio.sys.Alarm;
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
 * io.panamio.net.TcpStream}: an event arrives when there is more. After 64 small records, it arrives at once, so that
 * the others have their turn. Records are decrypted into the memory of the caller; only what exceeds it is held back.
 * Segments of a shared arena, of more than 2 GB, or of arrays other than {@code byte[]}, cost one more copy.
 *
 * <p>A write encrypts what it accepts at once, and holds back what the stream below does not take, at most 64
 * KiB and a record; every later call writes it first. {@link #flush} returns whether all was taken. A vectored write
 * fills records with several small segments.
 *
 * <p>Buffers of 32 and 64 KiB come from the pool, and return to it whenever no part of a record is held: a connection
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
    /** The maximum number of small records that one read handles, or of any records one call of a handshake. */
    private static final int MAX_SMALL = 64;
    /** A record with less data is small: it costs about as much as a larger one. */
    private static final int SMALL = 256;
    /** The maximum number of records that are read while an answer to one of them cannot be written. */
    private static final int MAX_UNANSWERED = 8;
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    private static final Set<Interest> INTERESTS =
        Set.of(Interest.READABLE, Interest.WRITABLE, BOTH, Interest.HANG_UP);
    private static final int READY = Readiness.READABLE | Readiness.WRITABLE;

    private final DuplexStream stream;
    private final Source source;
    private final SSLEngine engine;
    private final Thread owner = Thread.currentThread();
    private final Delivery delivery = new Delivery();
    private final Tasks tasks;
    private final Incoming in;
    private final Outgoing out;
    private final View view = new View();
    private final Duration timeout;
    /** The deadline of the handshake. */
    private final Alarm deadline;

    private boolean connected;
    private boolean begun;
    private boolean handshaken;
    private int unanswered;
    /** Whether the data has ended. */
    private boolean ended;
    private boolean writeShut;
    /** Whether close_notify was, or need not be, requested from the engine. */
    private boolean notified;
    private IOException failure;
    /** Whether a call has thrown the failure. */
    private boolean thrown;
    private boolean closed;

    private <S extends DuplexStream & Source> TlsStream(S stream, SSLEngine engine, SegmentPool pool,
            TlsOptions options) {
        this.stream = stream;
        this.source = stream;
        this.engine = engine;
        tasks = new Tasks(engine, options.tasks(), delivery);
        in = new Incoming(stream, engine, pool);
        out = new Outgoing(stream, engine, tasks, pool);
        timeout = options.handshakeTimeout();
        deadline = new Alarm(delivery, READY, timeout);
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
        checkArguments(stream, engine, pool, options);
        SSLParameters parameters = engine.getSSLParameters();
        boolean unset = parameters.getEndpointIdentificationAlgorithm() == null;
        if (unset && engine.getPeerHost() == null) {
            throw new IllegalArgumentException("the engine has no host for which the certificate must be valid: "
                + "create it with a host and a port, or set the endpoint identification algorithm to \"\"");
        }
        engine.setUseClientMode(true);
        if (unset) {
            parameters = engine.getSSLParameters(); // of a client
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
        checkArguments(stream, engine, pool, options);
        engine.setUseClientMode(false);
        return new TlsStream(stream, engine, pool, options);
    }

    /** Checks what the constructor needs, before the engine is changed. */
    private static void checkArguments(DuplexStream stream, SSLEngine engine, SegmentPool pool, TlsOptions options) {
        Objects.requireNonNull(stream, "stream");
        Objects.requireNonNull(options, "options");
        pool.acquired(); // throws if the pool belongs to another thread
        for (String protocol : engine.getEnabledProtocols()) {
            if (protocol.startsWith("DTLS")) {
                throw new IllegalArgumentException("an engine for datagrams: " + protocol);
            }
        }
    }

    // ---- state

    /** Begins a call of the user. */
    private void begin() throws IOException {
        requireOpen();
        if (failure != null) {
            out.flushLast();
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

    /** Handles an exception of the engine or the stream below: except for a lack of memory, it fails the connection. */
    private void fail(IOException e) {
        if (failure == null && !(e instanceof ResourceExhaustedException)) {
            failure = e;
            deadline.cancel();
            in.release();
            out.discardData();
            if (begun) {
                out.setDue(); // the alert
            }
            out.flushLast();
        }
    }

    /** The same for an exception that the call throws. */
    private IOException thrown(IOException e) {
        fail(e);
        thrown |= e == failure;
        return e;
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
            boolean complete = handshake();
            flushToRead(); // the end of the handshake may not have been taken at once
            return complete;
        } catch (IOException e) {
            throw thrown(e);
        } finally {
            in.releaseEmpty();
        }
    }

    /** Returns whether data can be read and written. */
    private boolean isReady() throws IOException {
        return handshaken ? !tasks.isRunning() : handshake();
    }

    private boolean handshake() throws IOException {
        if (handshaken) {
            return true;
        }
        if (deadline.isOver()) {
            throw new SocketTimeoutException("no TLS handshake within " + timeout);
        }
        if (tasks.isRunning() || !connect()) {
            return false;
        }
        if (!begun) {
            begun = true;
            engine.beginHandshake();
        }
        for (int records = 0; !handshaken;) {
            SSLEngineResult result;
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    if (!tasks.runDue()) {
                        out.write();
                        return false;
                    }
                    result = engine.unwrap(Buffer.EMPTY, Buffer.EMPTY); // throws what a task has thrown
                }
                case NEED_WRAP -> {
                    result = out.wrap(Buffer.EMPTY);
                    if (result.getStatus() == Status.BUFFER_OVERFLOW && !out.write()) {
                        return false;
                    }
                }
                default -> {
                    try {
                        out.write(); // even if it is not all written: the peer may wait for this to read
                    } catch (IOException e) {
                        requireBroken(e); // the peer may have sent an alert
                    }
                    if (!in.hasRecord()) {
                        if (!receive()) {
                            return false;
                        }
                        continue;
                    }
                    if (++records > MAX_SMALL) { // warnings without end, for example, which the engine ignores
                        delivery.deliver(Readiness.READABLE);
                        return false;
                    }
                    result = in.unwrap(null);
                }
            }
            if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
                finished();
            } else if (result.getStatus() == Status.CLOSED) {
                throw new SSLHandshakeException("the peer has closed the connection during the handshake");
            }
        }
        return true;
    }

    private void finished() {
        handshaken = true;
        deadline.cancel();
        in.handshaken(isTls13());
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            out.setDue();
        }
        if (writeShut) {
            sendCloseNotify();
        }
        if (in.holds()) {
            delivery.deliver(Readiness.READABLE); // the stream below may be drained, and have no event
        }
    }

    private boolean isTls13() {
        return engine.getSession().getProtocol().equals("TLSv1.3");
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
        return len == 0 ? 0 : read(view.of(dst, off, len), dst, off, len);
    }

    @Override
    public long read(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        begin();
        return len == 0 ? 0 : read(view.of(dst, off, len), null, off, len);
    }

    /** Reads into a view, or, if that is null, into a segment. */
    private long read(ByteBuffer to, MemorySegment dst, long off, long len) throws IOException {
        long done = 0;
        in.begin();
        try {
            done = in.take(to, dst, off, len);
            boolean ready = ended || isReady();
            flushToRead();
            unanswered = out.isDue() ? unanswered : 0;
            if (!ready) {
                return done > 0 ? done : IoResult.WOULD_BLOCK;
            }
            for (int small = 0; done < len && mayRead();) {
                if (in.hasRecord()) {
                    long before = done;
                    done += readRecord(to);
                    done += in.take(to, dst, off + done, len - done);
                    if (done - before < SMALL && ++small == MAX_SMALL) {
                        delivery.deliver(Readiness.READABLE); // the others have their turn first
                        break;
                    }
                } else if (in.isDrained() && done > 0 || !receive()) {
                    break;
                }
            }
            if (done > 0 && done < len) {
                if (ended) {
                    delivery.deliver(Readiness.READABLE | Readiness.READ_CLOSED);
                } else if (out.failure() != null) {
                    delivery.deliver(READY | Readiness.ERROR); // the next call throws
                }
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
            in.releaseEmpty();
        }
    }

    /** Writes what is held. If the stream below fails, what it had received before is still read. */
    private void flushToRead() throws IOException {
        try {
            out.flush();
        } catch (IOException e) {
            requireBroken(e);
        }
    }

    /** Throws the exception unless it is that of a write to the stream below: then reads go on until its end. */
    private void requireBroken(IOException e) throws IOException {
        if (out.failure() == null) {
            throw e;
        }
    }

    /** Receives, and returns whether anything was received. The failure of a write explains the end, too. */
    private boolean receive() throws IOException {
        boolean received;
        try {
            received = in.receive();
        } catch (ResourceExhaustedException e) {
            throw e;
        } catch (IOException e) {
            throw out.failure() == null ? e : out.failure();
        }
        if (!received && out.failure() != null) {
            throw out.failure();
        }
        return received;
    }

    private boolean mayRead() {
        return !ended && !tasks.isRunning() && unanswered < MAX_UNANSWERED;
    }

    /** Reads a record, which is complete, and returns the number of bytes that were put into the buffer. */
    private int readRecord(ByteBuffer to) throws IOException {
        int start = to == null ? 0 : to.position();
        SSLEngineResult result = in.unwrap(to);
        if (result.getStatus() == Status.CLOSED) {
            ended = true;
            if (!isTls13()) { // which ends both directions
                writeShut = true;
                notified = true;
            }
            in.release();
        }
        HandshakeStatus next = result.getHandshakeStatus();
        if (next == HandshakeStatus.NEED_TASK && tasks.runDue()) {
            next = engine.getHandshakeStatus();
        }
        if (next == HandshakeStatus.NEED_WRAP) {
            out.setDue();
            try {
                flushToRead();
            } catch (ResourceExhaustedException e) {
                // the next call does it: the data of this record must not be lost
            }
            unanswered = out.isDue() ? unanswered + 1 : 0;
        }
        return to == null ? 0 : to.position() - start;
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
            done = out.put(src, off, len, true);
            out.seal();
            return accepted(done, len);
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
            done = out.put(src, off, len);
            return accepted(done, len);
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
                long n = out.put(src, 0, size, size == len - done);
                done += n;
                if (n < size) {
                    break;
                }
            }
            out.seal();
            return accepted(done, len);
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
                long n = out.put(list.segment(i), list.offset(i), left, left == list.remaining() - done);
                done += n;
                if (n < left) {
                    break;
                }
            }
            out.seal();
            done = accepted(done, list.remaining());
        } catch (IOException e) {
            done = accepted(done, e);
        }
        list.advance(Math.max(done, 0));
        return done;
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
        return isReady() && out.flush();
    }

    /** Writes what was accepted, and returns the result of the call. */
    private long accepted(long done, long len) throws IOException {
        if (out.flush() && done < len) {
            delivery.deliver(Readiness.WRITABLE); // there is room: no event of the stream below may follow
        }
        return done > 0 ? done : IoResult.WOULD_BLOCK;
    }

    /** Returns the result of a write that an exception has ended: only for lack of memory, what was accepted counts. */
    private long accepted(long done, IOException e) throws IOException {
        if (done == 0 || !(e instanceof ResourceExhaustedException)) {
            throw thrown(e);
        }
        out.seal();
        delivery.deliver(Readiness.WRITABLE); // the next call throws, or writes the rest
        return done;
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
            return (!writeShut || isReady()) && out.flush();
        } catch (IOException e) {
            throw thrown(e);
        } finally {
            in.releaseEmpty();
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
                if (handshaken) {
                    in.release();
                }
            }
            if (how != Shutdown.READ) {
                writeShut = true;
                if (handshaken) { // otherwise it follows the handshake
                    sendCloseNotify();
                    out.flush();
                }
            }
        } catch (IOException e) {
            throw thrown(e);
        }
    }

    private void sendCloseNotify() {
        if (!notified) {
            notified = true;
            out.close();
        }
    }

    /**
     * Returns the pending error of the connection, which no call has thrown yet, and clears it. Later calls still throw
     * an error of TLS.
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
     * back; see {@link #flush}. To abort the connection without close_notify, close the stream below first. Idempotent.
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
            deadline.cancel();
            delivery.deregister();
            if (begun && failure == null) {
                sendCloseNotify();
            }
            out.flushLast();
            if (handshaken && !ended && failure == null) {
                in.discard();
            }
        } catch (IOException | RuntimeException e) {
            // as far as possible
        } finally {
            in.release();
            out.release();
            view.clear();
            stream.close();
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
        source.deregister(registry); // first: it throws if this is not registered there
        delivery.deregister();
    }

    private void check(Interest interest) throws IOException {
        requireOpen();
        if (!INTERESTS.contains(interest)) {
            throw new IllegalArgumentException("a TlsStream is watched for both directions, edge-triggered; not for "
                + interest);
        }
    }

    /** Registers the events of this stream itself, and delivers one if data is held. */
    private void deliver(Registry registry, long token) throws IOException {
        delivery.register(Selector.of(registry), token, READY);
        if (in.holds() || failure != null) {
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
