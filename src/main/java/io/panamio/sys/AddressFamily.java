package io.panamio.sys;

/** The families of addresses. */
public enum AddressFamily {
    /** IPv4. */
    IPV4,
    /** IPv6, an IPv4 address in its clothes included. */
    IPV6,
    /** A path, or an abstract name. */
    UNIX
}
