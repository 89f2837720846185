package io.panamio;

import java.io.IOException;

/**
 * Something that a {@link Poll} can watch: mio's {@code event::Source}. The sources of this library implement it; so
 * may a type of yours that has sources within, by passing each call on to them.
 *
 * <p>Only a {@link Registry} calls these methods. What they throw comes out of the registry's method unchanged.
 */
public interface Source {
    /**
     * Begins to be watched, through {@code registry}.
     *
     * @param registry where
     * @param token what the events are to carry
     * @param interest what to watch for
     * @throws IOException if the system refuses; nothing has changed then
     */
    void register(Registry registry, long token, Interest interest) throws IOException;

    /**
     * Replaces the token and the interest.
     *
     * @param registry where it is registered
     * @param token what the events are to carry from now on
     * @param interest what to watch for from now on
     * @throws IOException if the system refuses; nothing has changed then
     */
    void reregister(Registry registry, long token, Interest interest) throws IOException;

    /**
     * Ceases to be watched.
     *
     * @param registry where it is registered
     * @throws IOException if the system refuses; nothing has changed then
     */
    void deregister(Registry registry) throws IOException;
}
