/**
 * The platform of Linux, on 64-bit processors: epoll and eventfd, accept4, recvmmsg, sendfile, splice, MSG_ZEROCOPY,
 * and Linux's constants and socket options, all taken from {@code io.panamio.bindings.linux}. {@link
 * io.panamio.sys.linux.LinuxPlatform} is the entry point. With {@code -Dpanamio.selector=poll} it uses the selector of
 * {@code io.panamio.sys.unix}. Not exported.
 */
package io.panamio.sys.linux;
