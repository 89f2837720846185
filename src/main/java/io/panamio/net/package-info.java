/**
 * Non-blocking sockets and pipes over {@link java.lang.foreign.MemorySegment}s, to be registered with a {@link
 * io.panamio.Poll}.
 *
 * <table class="striped">
 * <caption>The types to start with</caption>
 * <thead><tr><th scope="col">Transport</th><th scope="col">Streams</th><th scope="col">Listeners</th>
 * <th scope="col">Messages</th></tr></thead>
 * <tbody>
 * <tr><th scope="row">TCP, UDP</th><td>{@link io.panamio.net.TcpStream}</td><td>{@link io.panamio.net.TcpListener}</td>
 * <td>{@link io.panamio.net.UdpSocket}</td></tr>
 * <tr><th scope="row">Unix</th><td>{@link io.panamio.net.UnixStream}</td><td>{@link io.panamio.net.UnixListener}</td>
 * <td>{@link io.panamio.net.UnixDatagram}, {@link io.panamio.net.UnixSeqpacket}</td></tr>
 * <tr><th scope="row">Pipe</th><td>{@link io.panamio.net.Pipe}, {@link io.panamio.net.NamedPipe}</td><td></td><td></td>
 * </tr>
 * </tbody>
 * </table>
 *
 * <p>No method waits for a peer, except {@link io.panamio.IoSource#close} with SO_LINGER. A read or receive returns a
 * number of bytes, {@link io.panamio.IoResult#EOF} or {@link io.panamio.IoResult#WOULD_BLOCK}; after the latter, a
 * registered socket gets an event when it is ready again. {@link io.panamio.net.ReadableStream} documents when a stream
 * is drained. {@link io.panamio.net.ListenOptions}, {@link io.panamio.net.BindOptions} and {@link
 * io.panamio.net.ConnectOptions} set options before a socket is bound or connected; {@link
 * io.panamio.net.SystemSocketOptions} names those that the JDK lacks.
 *
 * <p>A {@link io.panamio.net.Connector} connects by name.
 *
 * <p>A {@link io.panamio.net.StreamChannel} shows a stream to code that is written for the channels of {@code
 * java.nio}. A {@link io.panamio.net.Poller} lets virtual threads wait for any source, without a loop.
 *
 * <p>{@link io.panamio.net.GatherList}, {@link io.panamio.net.DatagramBatch}, {@link
 * io.panamio.net.SocketAddressBuffer}, {@link io.panamio.net.ControlMessages} and {@link io.panamio.net.TcpInfo} are
 * reusable native memory, so that an event loop need not allocate. They are not thread-safe; sockets and pipes are.
 */
package io.panamio.net;
