package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.Pipe;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** Examples for the Javadoc of {@code Pipe}. */
final class PipeSnippets {
    private PipeSnippets() {
    }

    /** Writes to a pipe and reads the bytes back. */
    static byte[] pipe(byte[] bytes) throws IOException {
        // @start region="pipe"
        try (Pipe pipe = Pipe.open()) {
            long written = pipe.sender().write(bytes, 0, bytes.length);
            byte[] read = new byte[(int) written];
            pipe.receiver().read(read, 0, read.length);
            return read;
        }
        // @end
    }

    /** Runs a command and returns what it writes. */
    static byte[] output(String... command) throws IOException {
        // @start region="child"
        try (Poll poll = Poll.open(); Pipe pipe = Pipe.open()) {
            new ProcessBuilder(command).redirectOutput(pipe.sender().redirect()).start();
            pipe.sender().close(); // otherwise the end of the stream is never reported
            Events events = Events.withCapacity(16);
            poll.registry().register(pipe.receiver(), 0, Interest.READABLE);
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            byte[] buffer = new byte[8192];
            long n;
            while ((n = pipe.receiver().read(buffer, 0, buffer.length)) != IoResult.EOF) {
                if (n == IoResult.WOULD_BLOCK) {
                    poll.poll(events);
                } else {
                    output.write(buffer, 0, (int) n);
                }
            }
            return output.toByteArray();
        }
        // @end
    }
}
