package io.panamio.sys;

/** The types of sockets, by the names that socket(2) has for them. */
public enum SocketType {
    /** A stream of bytes: TCP, Unix streams. */
    STREAM,
    /** Messages, each for itself: UDP, Unix datagrams. */
    DATAGRAM,
    /** Messages over a connection: Unix sockets alone. */
    SEQPACKET
}
