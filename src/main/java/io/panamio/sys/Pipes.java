package io.panamio.sys;

import io.panamio.Feature;
import java.io.File;
import java.io.IOException;

/** The calls that create pipes, and that take over descriptors that are read and written like pipes. */
public abstract class Pipes {
    /** For subclasses, which are in the platforms. */
    protected Pipes() {
    }

    /**
     * Opens a pipe in non-blocking mode that child processes do not inherit; returns its end to read from and its end
     * to write to.
     */
    public abstract PipeEnd[] open() throws IOException;

    /**
     * Returns the end for a descriptor to read from, which this does not change.
     *
     * @throws IllegalArgumentException if {@code fd} cannot be read from
     * @throws UnsupportedOperationException if {@link Feature#PIPE_DESCRIPTORS} is refused
     */
    public PipeEnd reader(int fd) throws IOException {
        throw Platform.current().refusal(Feature.PIPE_DESCRIPTORS);
    }

    /**
     * Returns the end for a descriptor to write to, which this does not change.
     *
     * @throws IllegalArgumentException if {@code fd} cannot be written to
     * @throws UnsupportedOperationException if {@link Feature#PIPE_DESCRIPTORS} is refused
     */
    public PipeEnd writer(int fd) throws IOException {
        throw Platform.current().refusal(Feature.PIPE_DESCRIPTORS);
    }

    /**
     * {@return a file that opens another description, in blocking mode, of the pipe that {@code fd} is an end of}
     *
     * @throws UnsupportedOperationException if {@link Feature#PIPE_REDIRECTS} is refused
     */
    public File file(int fd) {
        throw Platform.current().refusal(Feature.PIPE_REDIRECTS);
    }

    /**
     * Creates a named pipe, of which no instance may exist, with an instance for one client.
     *
     * @param name the name, with its prefix
     * @param messages whether the pipe keeps the boundaries of messages
     * @throws UnsupportedOperationException if {@link Feature#NAMED_PIPES} is refused
     */
    public NamedPipeEnd createNamed(String name, boolean messages) throws IOException {
        throw Platform.current().refusal(Feature.NAMED_PIPES);
    }

    /** Creates another instance of a named pipe, for another client; see {@link #createNamed}. */
    public NamedPipeEnd createInstance(String name, boolean messages) throws IOException {
        throw Platform.current().refusal(Feature.NAMED_PIPES);
    }

    /**
     * Connects to an instance of a named pipe.
     *
     * @param name the name, with its prefix
     * @param messages whether to read messages
     * @throws UnsupportedOperationException if {@link Feature#NAMED_PIPES} is refused
     */
    public NamedPipeEnd openNamed(String name, boolean messages) throws IOException {
        throw Platform.current().refusal(Feature.NAMED_PIPES);
    }
}
