package io.panamio.sys;

/** The families of socket addresses. */
public enum AddressFamily {
    /** IPv4. */
    IPV4,
    /** IPv6, IPv4-mapped addresses included. */
    IPV6,
    /** Unix: a path or an abstract name. */
    UNIX
}
