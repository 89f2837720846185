package io.panamio;

import io.panamio.sys.Selector;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.util.Objects;

/**
 * Where sources are registered with a {@link Poll}: mio's {@code Registry}. Any thread may use it at any time, also
 * while another one polls.
 *
 * <p>A source is registered with one Poll at a time, and once. Every method that throws has changed nothing,
 * but for a {@link #deregister} that the system refuses.
 */
public final class Registry {
    private final Selector selector;

    Registry(Selector selector) {
        this.selector = selector;
    }

    Selector selector() {
        return selector;
    }

    /**
     * Begins to watch a source. What it is ready for now is reported by the next poll; after that, only changes are
     * (the edges of epoll(7)): do what an event announces until {@link IoResult#WOULD_BLOCK}. A read of a {@link
     * io.panamio.net.ReadableStream} that returns less than it asked for has drained the stream as well, unless the
     * event is read-closed, an error or priority. On epoll this is one system call, epoll_ctl(2).
     *
     * <p>Unlike a key of {@code java.nio}, the registration does not hold the source: one to which nothing else refers
     * is closed when it is collected, and no event comes any more. Keep it where its token leads to it, as a {@link
     * Slab} does.
     *
     * @param source what to watch; referred to by the application for as long as it is to be watched
     * @param token what its events are to carry; every value will do, and two sources may have the same
     * @param interest what to watch for
     * @throws IllegalStateException if the source is registered already, here or with another Poll
     * @throws ClosedSelectorException if the Poll is closed
     * @throws java.nio.channels.ClosedChannelException if the source is closed
     * @throws IOException if the system refuses: EPERM for what is always ready, such as a regular file or a directory
     */
    public void register(Source source, long token, Interest interest) throws IOException {
        check(source, interest);
        source.register(this, token, interest);
    }

    /**
     * Replaces the token and the interest of a source, and reports again what it is ready for now. An event that was
     * pending comes with the new token. On epoll this is one system call, never left out, as it is what makes the edge.
     *
     * @param source what is registered here
     * @param token what its events are to carry from now on
     * @param interest what to watch for from now on
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
     * Ceases to watch a source: no poll that begins after this returns its token. Events that are in an {@link Events}
     * already stay there. The source works on, and may be registered again. A source need not be deregistered before
     * it is closed. On epoll this is one system call.
     *
     * @param source what is registered here
     * @throws IllegalStateException if the source is not registered with this Poll
     * @throws ClosedSelectorException if the Poll is closed
     * @throws java.nio.channels.ClosedChannelException if the source is closed
     * @throws IOException if the system refuses, as it does not watch the source: its descriptor was closed behind the
     *     source's back, for example. It is deregistered then
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
