package io.panamio.examples.proxy;

/** How bytes are transferred. */
public enum Mode {
    /** Copies small bursts and splices large ones. */
    AUTO,
    /** Splices everything: splice(2) moves bytes through a pipe, without copying them to user space. */
    SPLICE,
    /** Reads into the loop's shared buffer, and writes at once. */
    COPY,
    /** Reads into a ring buffer that the direction holds while bytes are pending. */
    RING
}
