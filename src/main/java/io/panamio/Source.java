package io.panamio;

import java.io.IOException;

/**
 * Something that a {@link Poll} can watch: mio's {@code event::Source}. The sources of this library implement it. A
 * type of yours that wraps sources can implement it by delegating each call to them.
 *
 * <p>Only a {@link Registry} calls these methods; what they throw is rethrown by the registry's method unchanged.
 */
public interface Source {
    /**
     * Registers this source.
     *
     * @param registry the registry
     * @param token the token of its events
     * @param interest the conditions to watch for
     * @throws IOException if the system refuses; nothing has changed then
     */
    void register(Registry registry, long token, Interest interest) throws IOException;

    /**
     * Replaces the token and the interest of this source.
     *
     * @param registry the registry with which this source is registered
     * @param token the new token of its events
     * @param interest the new conditions to watch for
     * @throws IOException if the system refuses; nothing has changed then
     */
    void reregister(Registry registry, long token, Interest interest) throws IOException;

    /**
     * Deregisters this source.
     *
     * @param registry the registry with which this source is registered
     * @throws IOException if the system refuses
     */
    void deregister(Registry registry) throws IOException;
}
