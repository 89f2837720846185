package io.panamio.net;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.sys.NamedPipeEnd;
import io.panamio.sys.Pipes;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Objects;

/**
 * An end of a named pipe of Windows, through which processes of one machine exchange bytes or messages, in both
 * directions: mio's {@code windows::NamedPipe}. Elsewhere {@link #create} and {@link #open} throw {@link
 * UnsupportedOperationException}; see {@link Feature#NAMED_PIPES}.
 *
 * <p>A server creates an instance of the pipe for each client that it serves at the same time: the first one by {@link
 * #create}, the others by {@link #another}. It waits for a client with {@link #connect}; a client is connected when
 * {@link #open} returns.
 * {@snippet file="NamedPipeSnippets.java" region="serve"}
 *
 * <h2>Requests</h2>
 * Windows reports no readiness of a pipe, so an end reads ahead into memory of its own and writes from a copy, 32 KiB
 * at a time. This has consequences:
 * <ul>
 * <li>Until it is registered, every operation would block.
 * <li>It belongs to the {@link io.panamio.Poll} that it was first registered with, even after it was deregistered. When
 * that Poll is closed, its requests are cancelled, and every operation would block.
 * <li>Written bytes may still be in transit when this is closed. The system's handle is closed once they have arrived,
 * or with the Poll.
 * <li>Its descriptor cannot be {@linkplain #detach detached}, nor used for other requests.
 * </ul>
 *
 * <h2>The other end</h2>
 * When the other end is closed, the bytes that it had written are read before the end of the stream, and an event is
 * read-closed; a write then throws. A server may {@link #disconnect} and {@link #connect} the next client. Nothing of
 * the last client remains: no byte, no error, and no event that was not reported yet.
 *
 * <h2>Messages</h2>
 * In {@linkplain Mode#MESSAGES message mode} every write, vectored ones included, is one message, and a read ends with
 * the message: if the message was longer, {@link #isPartial} is true, and the next read continues it. A message may be
 * empty: writing 0 bytes sends it, and reading it returns 0. A short read does not mean that no other message is
 * pending; an event follows if one is.
 *
 * <h2>Access</h2>
 * Only processes of the same user can open the pipe, and only on the same machine. A server cannot impersonate its
 * clients.
 */
public final class NamedPipe extends PipeSource implements ReadableStream, WritableStream {
    private static final String PREFIX = "\\\\.\\pipe\\";
    private static final int MAX_NAME = 256;

    private final NamedPipeEnd end;
    private final String name;
    private final Mode mode;

    /** What a pipe transfers. */
    public enum Mode {
        /** A stream of bytes. */
        BYTES,
        /** Messages, with their boundaries. */
        MESSAGES
    }

    private NamedPipe(NamedPipeEnd end, String name, Mode mode) {
        super(end);
        this.end = end;
        this.name = name;
        this.mode = mode;
    }

    private static NamedPipe of(NamedPipeEnd end, String name, Mode mode) {
        NamedPipe pipe = null;
        try {
            pipe = new NamedPipe(end, name, mode);
            return pipe;
        } finally {
            if (pipe == null) {
                end.discard();
            }
        }
    }

    // ---- creation

    /**
     * Creates a named pipe, with an instance for one client. It is not inherited by child processes.
     *
     * @param name the name of the pipe, which begins with {@code \\.\pipe\} and has at most 256 characters
     * @param mode what it transfers
     * @return the server's end of the instance
     * @throws IllegalArgumentException if the name is not such a name
     * @throws UnsupportedOperationException if this system does not support {@link Feature#NAMED_PIPES}
     * @throws java.nio.file.AccessDeniedException if there is a pipe of that name
     * @throws IOException if the system call fails
     */
    public static NamedPipe create(String name, Mode mode) throws IOException {
        requireName(name);
        Objects.requireNonNull(mode, "mode");
        return of(pipes().createNamed(name, mode == Mode.MESSAGES), name, mode);
    }

    /**
     * Creates another instance of this pipe, for another client. A client that opens the pipe gets any instance that
     * has none.
     *
     * @return the server's end of the instance
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public NamedPipe another() throws IOException {
        begin();
        try {
            return of(pipes().createInstance(name, mode == Mode.MESSAGES), name, mode);
        } finally {
            end();
        }
    }

    /**
     * Connects to a named pipe as a client. It is not inherited by child processes.
     *
     * @param name the name of the pipe
     * @param mode what to read; a pipe of messages can be read as bytes, but not the reverse
     * @return the client's end
     * @throws IllegalArgumentException if the name does not begin with {@code \\.\pipe\} or is too long
     * @throws UnsupportedOperationException if this system does not support {@link Feature#NAMED_PIPES}
     * @throws java.nio.file.NoSuchFileException if there is no pipe of that name
     * @throws java.nio.file.AccessDeniedException if it is another user's
     * @throws IOException if every instance has a client (EBUSY: try again later), or the system call fails
     */
    public static NamedPipe open(String name, Mode mode) throws IOException {
        requireName(name);
        Objects.requireNonNull(mode, "mode");
        return of(pipes().openNamed(name, mode == Mode.MESSAGES), name, mode);
    }

    private static void requireName(String name) {
        if (!name.toLowerCase(Locale.ROOT).startsWith(PREFIX) || name.length() == PREFIX.length()
                || name.length() > MAX_NAME || name.indexOf('\\', PREFIX.length()) >= 0 || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("not the name of a pipe, such as " + PREFIX + "name: " + name);
        }
    }

    private static Pipes pipes() {
        Platform platform = Platform.current();
        if (!Feature.NAMED_PIPES.isAvailable()) {
            throw platform.refusal(Feature.NAMED_PIPES);
        }
        return platform.pipes();
    }

    // ---- clients

    /**
     * Starts to listen for a client, without blocking. If none is connected, a writable event follows when one has
     * connected, or when listening has failed; call this again then.
     *
     * @return whether a client is connected; it may have written and closed already. Always true at a client's end
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if listening has failed
     */
    public boolean connect() throws IOException {
        begin();
        try {
            boolean connected = end.connect();
            if (!connected) {
                drained(Interest.WRITABLE);
            }
            return connected;
        } finally {
            end();
        }
    }

    /**
     * Disconnects the client, or stops listening for one. What the client has not read is lost: DisconnectNamedPipe.
     *
     * @throws UnsupportedOperationException if this is a client's end
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
     */
    public void disconnect() throws IOException {
        begin();
        try {
            end.disconnect();
        } finally {
            end();
        }
    }

    /**
     * {@return whether the last read returned a part of a message, which the next one continues; always false in byte
     * mode}
     */
    public boolean isPartial() {
        return end.isPartial();
    }

    // ---- reading

    /**
     * {@inheritDoc}
     *
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if {@code len} is 0, or for an empty message
     */
    @Override
    public long read(MemorySegment dst, long off, long len) throws IOException {
        return receive(dst, off, len);
    }

    /**
     * {@inheritDoc}
     *
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if {@code len} is 0, or for an empty message
     */
    @Override
    public long read(byte[] dst, int off, int len) throws IOException {
        return receive(dst, off, len);
    }

    /**
     * {@inheritDoc}
     *
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if all segments are empty, or for an empty message
     */
    @Override
    public long readVectored(MemorySegment... dsts) throws IOException {
        return receive(dsts);
    }

    @Override
    long empty() {
        return end.isEnded() ? IoResult.EOF : 0;
    }

    // ---- writing

    /**
     * {@inheritDoc}
     *
     * @return the number of bytes written, possibly fewer than given in byte mode; WOULD_BLOCK if none; 0 only if
     *     {@code len} is 0
     */
    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        return send(src, off, len);
    }

    /**
     * {@inheritDoc}
     *
     * @return the number of bytes written, possibly fewer than given in byte mode; WOULD_BLOCK if none; 0 only if
     *     {@code len} is 0
     */
    @Override
    public long write(byte[] src, int off, int len) throws IOException {
        return send(src, off, len);
    }

    @Override
    public long writeVectored(MemorySegment... srcs) throws IOException {
        return send(srcs);
    }

    /** {@inheritDoc} In message mode what remains is one message; nothing is sent if nothing remains. */
    @Override
    public long write(GatherList list) throws IOException {
        return send(list);
    }

    @Override
    boolean sendsEmpty() {
        return mode == Mode.MESSAGES;
    }
}
