/**
 * The platform of macOS, on aarch64 and x86-64: what differs from FreeBSD, and macOS's constants and socket options,
 * all taken from {@code io.panamio.bindings.macos}. {@link io.panamio.sys.macos.MacosPlatform} is the entry point. Not
 * exported.
 */
package io.panamio.sys.macos;
