package io.panamio.test.snippets;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.pipeline.RingBuffer;
import io.panamio.pipeline.Splice;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** Examples for the Javadoc of {@code io.panamio.pipeline}. */
final class PipelineSnippets {
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

    private PipelineSnippets() {
    }

    static void sendFile(Path path, TcpStream stream, Poll poll) throws IOException {
        // @start region="file-source"
        Events events = Events.withCapacity(16);
        poll.registry().register(stream, 0, Interest.WRITABLE);
        try (FileSource file = FileSource.open(path)) {
            long position = 0;
            long end = file.size();
            while (position < end) {
                long n = file.transferTo(position, end - position, stream);
                if (n > 0) {
                    position += n;
                } else if (n == IoResult.WOULD_BLOCK) {
                    poll.poll(events); // until the stream is writable
                } else {
                    break; // EOF: the file was truncated meanwhile
                }
            }
        }
        // @end
    }

    static void splice(TcpStream source, TcpStream sink, Poll poll) throws IOException {
        Events events = Events.withCapacity(16);
        poll.registry().register(source, 0, Interest.READABLE);
        poll.registry().register(sink, 1, Interest.WRITABLE);
        try (PipePool pool = new PipePool(); Splice splice = new Splice(source, sink, pool)) {
            // @start region="splice"
            long n;
            do { // for a readable event of the source or a writable event of the sink
                poll.poll(events);
                do {
                    n = splice.transfer();
                } while (n > 0);
            } while (n == IoResult.WOULD_BLOCK);
            sink.shutdown(Shutdown.WRITE); // EOF: everything was delivered
            // @end
        }
    }

    static void relay(TcpStream client, TcpStream server, Poll poll) throws IOException {
        try (PipePool pool = new PipePool()) {
            Events events = Events.withCapacity(16);
            // @start region="relay"
            poll.registry().register(client, 0, BOTH); // READABLE and WRITABLE
            poll.registry().register(server, 1, BOTH);
            try (Relay relay = new Relay(client, server, pool)) { // closes both streams, also if one has failed
                for (;;) {
                    poll.poll(events);
                    for (Event event : events) {
                        long n;
                        do { // with other connections in the loop: call it once, and again after their turn
                            n = relay.transfer(event.token() == 0 ? client : server);
                        } while (n > 0);
                        if (n == IoResult.EOF) {
                            return; // both have ended, and everything was delivered
                        }
                    }
                }
            }
            // @end
        }
    }

    static long exchange(TcpStream client, TcpStream server) throws IOException {
        // @start region="pipe-pool"
        try (PipePool pool = new PipePool(64 << 10, 8); // one for each event loop
                Splice up = new Splice(client, server, pool);
                Splice down = new Splice(server, client, pool)) {
            return up.transfer() + down.transfer();
        }
        // @end
    }

    static void readLines(TcpStream stream, Poll poll, Arena arena, Consumer<String> line) throws IOException {
        Events events = Events.withCapacity(16);
        poll.registry().register(stream, 0, Interest.READABLE);
        // @start region="ring-buffer"
        Deque<RingBuffer> idle = new ArrayDeque<>(); // of the event loop, as is the arena
        RingBuffer in = null;
        for (;;) {
            if (in == null) {
                in = idle.isEmpty() ? RingBuffer.allocate(arena, 64 * 1024) : idle.pop();
            }
            long n = in.readFrom(stream);
            for (long length; (length = in.indexOf((byte) '\n')) >= 0;) {
                byte[] bytes = new byte[(int) length]; // or parse in.memory() in place, from in.readOffset() on
                in.get(bytes, 0, bytes.length);
                in.advanceRead(1);
                line.accept(new String(bytes, StandardCharsets.UTF_8));
            }
            if (n == IoResult.EOF) {
                return;
            }
            if (n == IoResult.WOULD_BLOCK) {
                if (in.readableBytes() == 0) {
                    idle.push(in); // until there is something to read
                    in = null;
                }
                poll.poll(events);
            }
        }
        // @end
    }

    static void sendZeroCopy(TcpStream stream, MemorySegment data, Poll poll) throws IOException {
        Events events = Events.withCapacity(16);
        long size = data.byteSize();
        // @start region="zero-copy"
        ZeroCopySender sender = ZeroCopySender.of(stream);
        poll.registry().register(stream, 0, Interest.WRITABLE);
        try (ZeroCopyBuffer buffer = ZeroCopyBuffer.allocate(size)) {
            buffer.segment().copyFrom(data);
            long sent = 0;
            while (sent < size || buffer.isPending()) {
                long n = sent < size ? sender.send(buffer, sent, size - sent) : IoResult.WOULD_BLOCK;
                if (n > 0) {
                    sent += n;
                    continue;
                }
                poll.poll(events);
                if (events.isError(0)) { // completions have arrived, or the connection is broken
                    sender.drainCompletions();
                    IOException error = stream.takeError();
                    if (error != null) {
                        throw error;
                    }
                }
            }
            // now buffer.segment() may be used again
        }
        // @end
    }
}
