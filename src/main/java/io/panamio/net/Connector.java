package io.panamio.net;

import io.panamio.Interest;
import io.panamio.Registry;
import io.panamio.ResourceExhaustedException;
import io.panamio.Source;
import io.panamio.sys.Alarm;
import io.panamio.sys.Delivery;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Connects to a host by its name, without blocking: resolves the name in another thread, tries its addresses, and keeps
 * the first connection that is established.
 *
 * <p>A connector is a source. Register it for {@link Interest#WRITABLE} with a token of its own. On any event of that
 * token, call {@link #finishConnect}, until it returns the connected stream or throws; an event follows whenever it
 * can make progress.
 * {@snippet file="TcpSnippets.java" region="connect-by-name"}
 *
 * <h2>The addresses</h2>
 * They are tried as RFC 8305 ("Happy Eyeballs") describes: IPv6 and IPv4 in turn, beginning with the family of the
 * first address that was found, otherwise in the order in which they were found. The JDK puts IPv4 first; {@code
 * -Djava.net.preferIPv6Addresses=true} puts IPv6 first, and {@code system} keeps the order of the system (RFC 6724).
 * The next address is tried when the previous attempt has failed, or after 250 milliseconds without an answer; the
 * earlier attempts go on. The first connection wins, and the others are closed. (IPv4 and IPv6 addresses are looked up
 * together, so the first attempt waits for both.) With {@link SystemSocketOptions#TCP_FASTOPEN_CONNECT} a connection
 * counts as established before the peer has answered, so that the first address wins.
 *
 * <h2>The outcome</h2>
 * The timeout covers everything, from {@link #connect(String, int, Duration) connect} on. If no address can be reached,
 * the message of the exception lists each one that was tried, with its reason; the reasons are also {@linkplain
 * Throwable#getSuppressed suppressed exceptions} of it, in the same order.
 *
 * <p>Once the stream has been returned or the failure thrown, a connector holds no descriptor and no timer. Before
 * that, {@link #close} cancels it at any time; a lookup in progress is not cancelled, but its result is discarded. Not
 * thread-safe.
 */
public final class Connector implements Source, AutoCloseable {
    /** The Connection Attempt Delay that RFC 8305 recommends. */
    private static final Duration ATTEMPT_DELAY = Duration.ofMillis(250);

    /** An address, and the attempt to connect to it. */
    private static final class Attempt {
        final InetSocketAddress address;
        /** The stream, while it is connecting. */
        TcpStream stream;
        /** Why the attempt has failed. */
        IOException reason;

        Attempt(InetSocketAddress address) {
            this.address = address;
        }
    }

    /** Called when the resolver answers; does not refer to the connector, which may have been collected by then. */
    private record Answered(Delivery delivery) implements BiConsumer<InetAddress[], Throwable> {
        @Override
        public void accept(InetAddress[] addresses, Throwable failure) {
            delivery.deliver(Readiness.WRITABLE);
        }
    }

    /** A lookup in a thread of its own. */
    private record Lookup(String host, CompletableFuture<InetAddress[]> answer) implements Runnable {
        @Override
        public void run() {
            try {
                answer.complete(InetAddress.getAllByName(host));
            } catch (Throwable t) {
                answer.completeExceptionally(t);
            }
        }
    }

    private final String target;
    private final int port;
    private final Duration timeout;
    private final ConnectOptions options;
    private final CompletableFuture<InetAddress[]> answer;
    private final Delivery delivery = new Delivery();
    private final Alarm deadline;
    /** The addresses in the order in which they are tried; null until they are known. */
    private List<Attempt> attempts;
    /** The number of addresses tried so far. */
    private int tried;
    /** The time to try the next address at the latest; null until one is to follow the first. */
    private Alarm next;
    /** The registration; null if there is none. */
    private Registry registry;
    private long token;
    private IOException failure;
    private boolean closed;

    private Connector(String target, int port, Duration timeout, ConnectOptions options,
            CompletableFuture<InetAddress[]> answer) {
        this.target = target;
        this.port = port;
        this.timeout = timeout;
        this.options = options;
        this.answer = answer;
        deadline = new Alarm(delivery, Readiness.WRITABLE, timeout);
    }

    // ---- creation

    /**
     * Starts to connect and returns at once, see {@link #finishConnect}. A name is resolved by {@link #resolve}.
     *
     * @param host a name, or an IPv4 or IPv6 address, for which no thread is needed
     * @param port the port, 1 &lt;= port &lt;= 65535
     * @param timeout the maximum time until the connection is established; {@link Long#MAX_VALUE} nanoseconds or more
     *     mean no timeout
     * @return the connector
     * @throws IllegalArgumentException if the host is empty, or the port or the timeout is out of range
     * @throws ResourceExhaustedException if no descriptor or no memory is available
     */
    public static Connector connect(String host, int port, Duration timeout) throws ResourceExhaustedException {
        return connect(host, port, timeout, ConnectOptions.DEFAULT);
    }

    /**
     * Starts to connect with options for the sockets and returns at once, see {@link #finishConnect}.
     *
     * @param host a name or an address
     * @param port the port, 1 &lt;= port &lt;= 65535
     * @param timeout the maximum time until the connection is established
     * @param options the options; if they have a local address, only addresses of its family are tried
     * @return the connector
     * @throws IllegalArgumentException if an argument is out of range, or the local address not an internet address
     * @throws java.nio.channels.UnresolvedAddressException if the local address is unresolved
     * @throws UnsupportedOperationException if this system does not support an option
     * @throws ResourceExhaustedException if no descriptor or no memory is available
     */
    public static Connector connect(String host, int port, Duration timeout, ConnectOptions options)
            throws ResourceExhaustedException {
        return connect(host, port, timeout, options, new Function<>() { // not a lambda: the first one takes 20 ms
            @Override
            public CompletableFuture<InetAddress[]> apply(String name) {
                return resolve(name);
            }
        });
    }

    /**
     * Starts to connect with a resolver of the caller's own and returns at once, see {@link #finishConnect}. The
     * resolver can run lookups on an executor, cache answers, or query a server without blocking:
     * {@snippet file="TcpSnippets.java" region="resolver"}
     *
     * @param host a name or an address; an address is not resolved
     * @param port the port, 1 &lt;= port &lt;= 65535
     * @param timeout the maximum time until the connection is established
     * @param options the options; if they have a local address, only addresses of its family are tried
     * @param resolver starts to resolve a name, without blocking; any thread may complete the returned stage, even
     *     after the timeout or a close. The stage is never cancelled, so several connectors may share it
     * @return the connector
     * @throws IllegalArgumentException if an argument is out of range, or the local address not an internet address
     * @throws java.nio.channels.UnresolvedAddressException if the local address is unresolved
     * @throws UnsupportedOperationException if this system does not support an option
     * @throws ResourceExhaustedException if no descriptor or no memory is available
     */
    public static Connector connect(String host, int port, Duration timeout, ConnectOptions options,
            Function<? super String, ? extends CompletionStage<InetAddress[]>> resolver)
            throws ResourceExhaustedException {
        Objects.requireNonNull(resolver, "resolver");
        if (host.isEmpty()) { // the JDK resolves it to the loopback address
            throw new IllegalArgumentException("the host is empty");
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is not between 1 and 65535");
        }
        if (!timeout.isPositive()) {
            throw new IllegalArgumentException("timeout " + timeout + " is not positive");
        }
        if (options.local() != null) {
            InetSocket.resolved(options.local());
        }
        InetAddress literal = literal(host);
        CompletableFuture<InetAddress[]> answer = literal == null ? resolver.apply(host).toCompletableFuture()
            : CompletableFuture.completedFuture(new InetAddress[] {literal});
        String target = (host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port;
        Connector connector = new Connector(target, port, timeout, options, answer);
        boolean done = false;
        try {
            connector.start();
            done = true;
        } finally {
            if (!done) {
                connector.close();
            }
        }
        return connector;
    }

    /** Returns the address that the host is a literal of, or null if it is a name. */
    private static InetAddress literal(String host) {
        if (host.indexOf(':') < 0 && !isDigit(host.charAt(host.length() - 1))) {
            return null; // as for most names, without the cost of an exception
        }
        try {
            return InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /**
     * Resolves a name by {@link InetAddress#getAllByName}, in a new daemon thread, so that a slow lookup does not delay
     * others. The JDK caches answers, see {@link InetAddress}.
     *
     * @param host the name
     * @return a future that completes with the addresses, or with the exception of the lookup
     */
    public static CompletableFuture<InetAddress[]> resolve(String host) {
        CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("panamio-resolver").inheritInheritableThreadLocals(false)
            .start(new Lookup(Objects.requireNonNull(host, "host"), answer));
        return answer;
    }

    // ---- connecting

    /** Starts what can be started at once. A failure is left to {@link #finishConnect}. */
    private void start() throws ResourceExhaustedException {
        if (answer.isDone()) {
            tryAddresses(false);
        } else {
            answer.whenComplete(new Answered(delivery));
        }
        if (failure != null) {
            delivery.deliver(Readiness.WRITABLE);
        }
    }

    /**
     * Returns the stream if a connection is established; otherwise continues to connect. Call it after each event of
     * this connector; it may be called at any other time, too.
     *
     * <p>The stream is not registered, and the caller owns it; this connector is then closed. The poll that reported
     * the event may hold further events with the same token, from other attempts. A failure that was thrown is thrown
     * again by every later call.
     *
     * @return the connected stream, or null while connecting
     * @throws UnknownHostException if the name cannot be resolved, or has no address of the required family
     * @throws ConnectException if no address can be reached
     * @throws SocketTimeoutException if the timeout has elapsed
     * @throws ClosedChannelException if this is closed
     * @throws ResourceExhaustedException if no descriptor or no memory is available; call again later, as no event may
     *     follow before the timeout has elapsed
     * @throws UnsupportedOperationException if this system does not support an option
     * @throws IllegalArgumentException if the value of an option is out of range
     */
    public TcpStream finishConnect() throws IOException {
        requireOpen();
        boolean running = false;
        for (int i = 0; i < tried && failure == null; i++) {
            Attempt attempt = attempts.get(i);
            if (attempt.stream != null && check(attempt)) {
                return take(attempt);
            }
            running |= attempt.stream != null;
        }
        if (failure == null && deadline.isOver()) {
            fail(new SocketTimeoutException(target + ": not connected within " + timeout + reasons()));
        } else if (failure == null && answer.isDone()) {
            tryAddresses(running);
        }
        if (failure != null) {
            throw failure;
        }
        return null;
    }

    /** Returns whether an attempt has succeeded. Records the reason if it has failed. */
    private boolean check(Attempt attempt) throws ResourceExhaustedException {
        try {
            return attempt.stream.finishConnect();
        } catch (ResourceExhaustedException e) { // the outcome is still unknown
            if (!deadline.isOver()) {
                throw e;
            }
            attempt.reason = e;
            return false;
        } catch (IOException e) {
            attempt.reason = e;
            attempt.stream.close();
            attempt.stream = null;
            return false;
        }
    }

    /** Hands the stream of an attempt over to the caller. */
    private TcpStream take(Attempt attempt) {
        TcpStream stream = attempt.stream;
        try {
            if (registry != null) {
                registry.deregister(stream);
            }
        } catch (IOException | ClosedSelectorException e) {
            // the system no longer watches it, which was the aim
        }
        attempt.stream = null;
        close();
        return stream;
    }

    /** Tries the addresses that are due, and fails if no attempt is left. Called only once the lookup has ended. */
    private void tryAddresses(boolean othersRun) throws ResourceExhaustedException {
        boolean running = othersRun;
        try {
            if (attempts == null) {
                attempts = attempts();
            }
            while (tried < attempts.size() && isDue()) {
                running |= tryNext();
            }
        } catch (UnknownHostException e) {
            fail(e);
            return;
        } catch (ResourceExhaustedException e) {
            if (!running) {
                throw e;
            }
            setNext(); // a running attempt may succeed meanwhile
        }
        if (!running) {
            fail(new ConnectException(target + ": no connection" + reasons()));
        }
    }

    /** Returns whether to try the next address: whether the previous attempt has failed or takes too long. */
    private boolean isDue() {
        return tried == 0 || attempts.get(tried - 1).stream == null || next.isOver();
    }

    /** Tries the next address, and returns whether the attempt is running. */
    private boolean tryNext() throws ResourceExhaustedException {
        Attempt attempt = attempts.get(tried);
        TcpStream stream = null;
        try {
            stream = TcpStream.connect(attempt.address, options);
            if (registry != null) {
                registry.register(stream, token, Interest.WRITABLE);
            }
            attempt.stream = stream;
        } catch (ResourceExhaustedException e) {
            throw e;
        } catch (IOException e) {
            attempt.reason = e;
        } finally {
            if (stream != null && attempt.stream == null) {
                stream.close();
            }
        }
        tried++;
        setNext();
        return attempt.stream != null;
    }

    /** Sets the alarm for the next address, if there is one. */
    private void setNext() {
        if (next != null) {
            next.cancel();
        }
        if (tried < attempts.size()) {
            next = new Alarm(delivery, Readiness.WRITABLE, ATTEMPT_DELAY);
        }
    }

    // ---- addresses

    /** Returns an attempt for each address that was found, in the order in which they are tried. */
    private List<Attempt> attempts() throws UnknownHostException {
        InetSocketAddress local = (InetSocketAddress) options.local();
        Queue<InetAddress> first = new ArrayDeque<>();
        Queue<InetAddress> other = new ArrayDeque<>();
        try {
            for (InetAddress address : answer.join()) {
                if (local == null || isOfFamily(address, local.getAddress())) {
                    (first.isEmpty() || isOfFamily(address, first.element()) ? first : other).add(address);
                }
            }
        } catch (CompletionException | CancellationException | NullPointerException e) { // null: by a faulty resolver
            throw unresolved(e.getCause() == null ? e : e.getCause());
        }
        List<Attempt> all = new ArrayList<>();
        while (!first.isEmpty() || !other.isEmpty()) {
            for (Queue<InetAddress> family : List.of(first, other)) {
                if (!family.isEmpty()) {
                    all.add(new Attempt(new InetSocketAddress(family.remove(), port)));
                }
            }
        }
        if (all.isEmpty()) {
            throw unresolved(null);
        }
        return all;
    }

    private static boolean isOfFamily(InetAddress address, InetAddress other) {
        return address.getClass() == other.getClass(); // Inet4Address or Inet6Address
    }

    private UnknownHostException unresolved(Throwable cause) {
        String reason = cause == null
            ? "it has no address" + (options.local() == null ? "" : " of the family of the local one")
            : cause instanceof IOException ? cause.getMessage() : cause.toString();
        UnknownHostException e = new UnknownHostException(target + " cannot be resolved: " + reason);
        e.initCause(cause);
        return e;
    }

    // ---- the end

    /** Returns the outcome for each address, to be appended to a message. */
    private String reasons() {
        if (attempts == null) {
            return ": the name is not resolved yet";
        }
        StringBuilder text = new StringBuilder();
        for (Attempt attempt : attempts.subList(0, tried)) {
            if (attempt.reason == null) {
                attempt.reason = new SocketTimeoutException("connect " + attempt.address + ": no answer");
            }
            String address = attempt.address.toString();
            String reason = attempt.reason.getMessage();
            text.append(text.isEmpty() ? ": " : "; ")
                .append(reason.contains(address) ? reason : address + ": " + reason);
        }
        int left = attempts.size() - tried;
        return left == 0 ? text.toString() : text + "; " + left + " more not tried";
    }

    private void fail(IOException e) {
        if (attempts != null) {
            for (Attempt attempt : attempts.subList(0, tried)) {
                e.addSuppressed(attempt.reason);
            }
        }
        release();
        failure = e;
    }

    /** Closes the streams, and cancels the alarms. */
    private void release() {
        deadline.cancel();
        if (next != null) {
            next.cancel();
        }
        for (int i = 0; i < tried; i++) {
            TcpStream stream = attempts.get(i).stream;
            if (stream != null) {
                attempts.get(i).stream = null;
                stream.close();
            }
        }
    }

    /** Cancels the connect unless its outcome is known; no more events follow. Idempotent. */
    @Override
    public void close() {
        closed = true;
        delivery.deregister();
        release();
    }

    // ---- registration

    /**
     * {@inheritDoc} Its events are edge-triggered.
     *
     * @throws IllegalArgumentException if the interest is not {@link Interest#WRITABLE}
     */
    @Override
    public void register(Registry registry, long token, Interest interest) throws IOException {
        check(interest);
        if (this.registry != null && Selector.of(this.registry).isOpen()) {
            throw new IllegalStateException(
                "already registered with " + (this.registry == registry ? "this" : "another") + " Poll");
        }
        if (!Selector.of(registry).isOpen()) {
            throw new ClosedSelectorException();
        }
        List<TcpStream> registered = new ArrayList<>();
        boolean done = false;
        try {
            for (TcpStream stream : connecting()) {
                registry.register(stream, token, interest);
                registered.add(stream);
            }
            delivery.register(Selector.of(registry), token, Readiness.WRITABLE);
            done = true;
        } finally {
            for (int i = 0; !done && i < registered.size(); i++) {
                registry.deregister(registered.get(i));
            }
        }
        this.registry = registry;
        this.token = token;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the interest is not {@link Interest#WRITABLE}
     */
    @Override
    public void reregister(Registry registry, long token, Interest interest) throws IOException {
        check(interest);
        requireRegistered(registry);
        for (TcpStream stream : connecting()) {
            registry.reregister(stream, token, interest);
        }
        delivery.register(Selector.of(registry), token, Readiness.WRITABLE);
        this.token = token;
    }

    @Override
    public void deregister(Registry registry) throws IOException {
        requireOpen();
        requireRegistered(registry);
        this.registry = null;
        delivery.deregister();
        for (TcpStream stream : connecting()) {
            registry.deregister(stream);
        }
    }

    private List<TcpStream> connecting() {
        List<TcpStream> streams = new ArrayList<>();
        for (int i = 0; i < tried; i++) {
            if (attempts.get(i).stream != null) {
                streams.add(attempts.get(i).stream);
            }
        }
        return streams;
    }

    private void check(Interest interest) throws IOException {
        requireOpen();
        if (!interest.equals(Interest.WRITABLE)) {
            throw new IllegalArgumentException("a Connector is watched for WRITABLE, edge-triggered; not for "
                + interest);
        }
    }

    private void requireRegistered(Registry with) {
        if (registry != with) {
            throw new IllegalStateException(registry == null ? "not registered" : "registered with another Poll");
        }
    }

    private void requireOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    /** {@return the host, the port and the progress of the connect, for diagnostics} */
    @Override
    public String toString() {
        String state = closed ? "closed" : failure != null ? "failed" : attempts == null ? "resolving"
            : tried + " of " + attempts.size() + " addresses tried";
        return "Connector[" + target + ", " + state + "]";
    }
}
