package io.panamio;

import java.io.IOException;

/** A system call of the user's own on the descriptor of a source, for {@link IoSource#tryIo(Interest, IoOperation)}. */
@FunctionalInterface
public interface IoOperation {
    /**
     * Makes the call. It must not block, and must not close the descriptor or keep it for later.
     *
     * @param fd the descriptor, open for as long as this method runs
     * @return whatever the caller of {@code tryIo} is to get; {@link IoResult#WOULD_BLOCK} if, and only if, the call
     *         failed with EAGAIN
     * @throws IOException for any other failure, and passed on as it is
     */
    long run(int fd) throws IOException;
}
