package io.panamio.sys;

/** The types of sockets. */
public enum SocketType {
    /** TCP: a connected stream of bytes. */
    TCP,
    /** UDP: datagrams. */
    UDP,
    /** A Unix socket of SOCK_STREAM: a connected stream of bytes. */
    UNIX_STREAM,
    /** A Unix socket of SOCK_DGRAM: datagrams. */
    UNIX_DATAGRAM,
    /** A Unix socket of SOCK_SEQPACKET: messages over a connection. */
    UNIX_SEQPACKET
}
