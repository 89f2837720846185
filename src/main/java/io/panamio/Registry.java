package io.panamio;

import io.panamio.sys.Selector;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.util.Objects;
import java.util.function.Function;

/**
 * Registers sources with a {@link Poll}: mio's {@code Registry}.
 *
 * {@snippet file="LoopSnippets.java" region="register"}
 *
 * <p>Thread-safe: any thread may call any method at any time, also while another one polls. A source can be registered
 * with one Poll at a time, and only once. A method that throws has changed nothing, except a {@link #deregister} that
 * the system refuses.
 */
public final class Registry {
    private final Selector selector;

    Registry(Selector selector) {
        this.selector = selector;
    }

    Selector selector() {
        return selector;
    }

    static {
        Selector.setFinder(new Function<>() { // not a lambda: the first one of a process takes 20 ms
            @Override
            public Selector apply(Object registry) {
                return ((Registry) registry).selector;
            }
        });
    }

    /**
     * Registers a source. The next poll reports what the source is already ready for; after that, only changes are
     * reported (edge-triggered): after an event, repeat the operation until {@link IoResult#WOULD_BLOCK}. With epoll
     * this costs one system call, epoll_ctl(2).
     *
     * <p>A read of a {@link io.panamio.net.ReadableStream} that returns less than was requested has drained the stream
     * as well, unless the event is read-closed, an error or priority.
     *
     * <p>Unlike a key of {@code java.nio}, a registration does not keep the source alive: one that becomes unreachable
     * is closed when it is garbage-collected, and reports no more events. Keep it where it can be found by its token,
     * for example in a {@link Slab}.
     *
     * @param source the source; the application must keep a reference to it for as long as it is watched
     * @param token the token of its events; any value, not necessarily unique
     * @param interest the conditions to watch for
     * @throws IllegalStateException if the source is already registered, with this or another Poll
     * @throws ClosedSelectorException if the Poll is closed
     * @throws java.nio.channels.ClosedChannelException if the source is closed
     * @throws UnsupportedOperationException if the interest is exclusive and the system does not support {@link
     *     Feature#EXCLUSIVE}
     * @throws IOException if the system refuses: EPERM for a file that is always ready, such as a regular file or a
     *     directory
     */
    public void register(Source source, long token, Interest interest) throws IOException {
        check(source, interest);
        source.register(this, token, interest);
    }

    /**
     * Replaces the token and the interest of a source, and reports again what it is already ready for. A pending event
     * is reported with the new token. With epoll this costs one system call, which is never omitted, as it is what
     * triggers the event.
     *
     * @param source a source registered here
     * @param token the new token of its events
     * @param interest the new conditions to watch for
     * @throws IllegalStateException if the source is not registered with this Poll
     * @throws ClosedSelectorException if the Poll is closed
     * @throws java.nio.channels.ClosedChannelException if the source is closed
     * @throws IOException if the system refuses
     */
    public void reregister(Source source, long token, Interest interest) throws IOException {
        check(source, interest);
        source.reregister(this, token, interest);
    }

    /**
     * Deregisters a source: no poll that begins after this method has returned reports its token. Events that an {@link
     * Events} already holds remain there. The source stays open and may be registered again. With epoll this costs one
     * system call.
     *
     * <p>A source need not be deregistered before it is closed.
     *
     * @param source a source registered here
     * @throws IllegalStateException if the source is not registered with this Poll
     * @throws ClosedSelectorException if the Poll is closed
     * @throws java.nio.channels.ClosedChannelException if the source is closed
     * @throws IOException if the system does not watch the descriptor, for example because other code has closed it;
     *     the source is deregistered then
     */
    public void deregister(Source source) throws IOException {
        Objects.requireNonNull(source, "source");
        requireOpen();
        source.deregister(this);
    }

    private void check(Source source, Interest interest) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(interest, "interest");
        requireOpen();
    }

    private void requireOpen() {
        if (!selector.isOpen()) {
            throw new ClosedSelectorException();
        }
    }
}
