package io.panamio;

import java.io.IOException;

/** A system call on the descriptor of a source, for {@link IoSource#tryIo(Interest, IoOperation)}. */
@FunctionalInterface
public interface IoOperation {
    /**
     * Performs the call. It must not block, close the descriptor, or keep it for later use.
     *
     * @param fd the descriptor, which stays open while this method runs
     * @return the result of {@code tryIo}; {@link IoResult#WOULD_BLOCK} if, and only if, the call failed with EAGAIN
     * @throws IOException if the call failed otherwise; {@code tryIo} rethrows it unchanged
     */
    long run(int fd) throws IOException;
}
