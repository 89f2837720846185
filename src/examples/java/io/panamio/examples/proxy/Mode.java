package io.panamio.examples.proxy;

/** How bytes go from one side to the other. */
public enum Mode {
    /** Copied while bursts are small, spliced where a direction moves much. */
    AUTO,
    /** By splice(2) and a pipe of the kernel's, without passing through the process. */
    SPLICE,
    /** Read into one buffer of the loop's, and written at once. */
    COPY,
    /** Read into a ring that the direction has while there are bytes. */
    RING
}
