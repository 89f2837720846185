package io.panamio.net;

/** Which half of a connection to end, see {@link TcpStream#shutdown TcpStream.shutdown}. */
public enum Shutdown {
    /** What comes in: SHUT_RD. */
    READ,
    /** What goes out: SHUT_WR. The peer reads an end of stream after all that was written. */
    WRITE,
    /** Both: SHUT_RDWR. */
    BOTH
}
