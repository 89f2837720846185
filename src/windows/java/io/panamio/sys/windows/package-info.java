/**
 * The platform of Windows 10 and later, on x86-64 and aarch64: the functions of Winsock, kernel32 and ntdll, with the
 * constants and layouts of {@code io.panamio.bindings.windows}. {@link io.panamio.sys.windows.WindowsPlatform} is the
 * entry point.
 *
 * <p>The selector posts poll requests to AFD, the driver of sockets, and takes their completions from a port: see
 * {@code CompletionSelector}, {@code PollRequest} and {@code AfdGroup}. A request belongs to the selector, because the
 * system writes to its memory until it has completed, even after the socket is closed. Not exported.
 */
package io.panamio.sys.windows;
