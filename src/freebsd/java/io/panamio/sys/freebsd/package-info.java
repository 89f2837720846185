/**
 * The platform of FreeBSD, on aarch64 and x86-64: what differs from macOS, and FreeBSD's constants and socket options,
 * all taken from {@code io.panamio.bindings.freebsd}. {@link io.panamio.sys.freebsd.FreebsdPlatform} is the entry
 * point. Not exported.
 */
package io.panamio.sys.freebsd;
