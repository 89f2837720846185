package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.net.BindOptions;
import io.panamio.net.ConnectOptions;
import io.panamio.net.GatherList;
import io.panamio.net.ListenOptions;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamChannel;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.WritableStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Examples for the Javadoc of the options and of {@code TcpInfo}, {@code GatherList} and {@code StreamChannel}. */
final class OptionSnippets {
    private OptionSnippets() {
    }

    static TcpListener listen(InetSocketAddress address) throws IOException {
        // @start region="listen"
        ListenOptions options = ListenOptions.DEFAULT
            .backlog(1024)
            .reusePort(true) // one listener for each thread, on the same port
            .with(StandardSocketOptions.TCP_NODELAY, true); // inherited by accepted connections
        TcpListener listener = TcpListener.bind(address, options);
        // @end
        return listener;
    }

    static TcpStream connect(InetSocketAddress local, InetSocketAddress remote) throws IOException {
        // @start region="connect"
        ConnectOptions options = ConnectOptions.DEFAULT
            .local(local)
            .with(SystemSocketOptions.TCP_USER_TIMEOUT, 30_000);
        TcpStream stream = TcpStream.connect(remote, options);
        // @end
        return stream;
    }

    static UdpSocket bind(InetSocketAddress address) throws IOException {
        // @start region="bind"
        BindOptions options = BindOptions.DEFAULT
            .reusePort(true)
            .with(StandardSocketOptions.SO_RCVBUF, 1 << 20);
        UdpSocket socket = UdpSocket.bind(address, options);
        // @end
        return socket;
    }

    /** Returns whether a connection is slow: the peer is far away, or segments are lost. */
    static boolean isSlow(TcpStream stream, TcpInfo info) throws IOException {
        // @start region="info"
        stream.info(info); // reused: TcpInfo.create() made it once
        boolean slow = info.rtt() > 200_000 || info.lost() > 0; // microseconds, segments
        // @end
        return slow;
    }

    /** Writes the same header before several bodies. */
    static void respond(WritableStream stream, MemorySegment header, MemorySegment[] bodies, Runnable awaitWritable)
            throws IOException {
        // @start region="gather"
        GatherList response = GatherList.of(header, bodies[0]);
        for (MemorySegment body : bodies) {
            response.set(1, body); // rewinds, with the same header
            while (true) {
                stream.write(response);
                if (response.isDone()) {
                    break;
                }
                awaitWritable.run(); // in an event loop: return, and write again when the event arrives
            }
        }
        // @end
    }

    /** Sends a file and receives the response, by code for channels. */
    static long exchange(Poll poll, TcpStream stream, FileChannel file, ByteBuffer response) throws IOException {
        Events events = Events.withCapacity(16);
        // @start region="channel"
        StreamChannel channel = StreamChannel.of(stream);
        poll.registry().register(stream, 0, Interest.READABLE.add(Interest.WRITABLE)); // the stream, not the channel

        for (long position = 0; position < file.size();) {
            long n = file.transferTo(position, file.size() - position, channel);
            if (n == 0) {
                poll.poll(events); // full: there is an event when there is room again
            }
            position += n;
        }
        stream.shutdown(Shutdown.WRITE);

        for (int n; (n = channel.read(response)) >= 0 && response.hasRemaining();) {
            if (n == 0) {
                poll.poll(events);
            }
        }
        channel.close(); // closes the stream
        // @end
        return response.position();
    }
}
