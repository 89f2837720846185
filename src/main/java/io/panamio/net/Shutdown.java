package io.panamio.net;

/** The half of a connection to shut down, see {@link TcpStream#shutdown TcpStream.shutdown}. */
public enum Shutdown {
    /** The read half: SHUT_RD. */
    READ,
    /** The write half: SHUT_WR. The peer reads the end of the stream after all data written before. */
    WRITE,
    /** Both halves: SHUT_RDWR. */
    BOTH
}
