package io.panamio.examples.proxy;

/** How bytes are transferred. */
public enum Mode {
    /** Copies small bursts and splices large ones. */
    AUTO,
    /** By splice(2) through a pipe, without copying to user space. */
    SPLICE,
    /** Reads into the loop's shared buffer, and writes at once. */
    COPY,
    /** Reads into a ring buffer that the direction holds while bytes are pending. */
    RING
}
