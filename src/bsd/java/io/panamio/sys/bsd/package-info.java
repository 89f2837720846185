/**
 * What macOS and FreeBSD share: kqueue(2), addresses that begin with their length, sendfile(2) in BSD's form, and the
 * constants that are the same on both. It depends on no particular system and on no bindings.
 *
 * <p>A platform extends {@link io.panamio.sys.bsd.BsdPlatform}, and supplies what differs by a subclass of {@link
 * io.panamio.sys.bsd.BsdConstants}. With {@code -Dpanamio.selector=poll} it uses the selector of {@code
 * io.panamio.sys.unix}. Not exported.
 */
package io.panamio.sys.bsd;
