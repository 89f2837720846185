/**
 * What Unix systems share: the functions of POSIX ({@code Libc}), their errors, socket addresses, options, control
 * messages and gathered writes, and a selector over poll(2). It depends on no particular system and on no bindings.
 *
 * <p>A platform extends {@link io.panamio.sys.unix.UnixPlatform}, supplies the constants and sizes that differ between
 * systems by a subclass of {@link io.panamio.sys.unix.UnixConstants}, and overrides the calls that the system makes in
 * another way. Constants that are the same on every Unix are in {@code Posix}. Not exported.
 */
package io.panamio.sys.unix;
