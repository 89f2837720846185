package io.panamio.examples.serve;

/** What a connection waits for; each has a timeout. */
enum Wait {
    /** A request, or the rest of one. */
    REQUEST,
    /** The next request. */
    IDLE,
    /** The client, to receive its response. */
    SEND,
    /** The end of the stream, after the last response. */
    LINGER
}
