package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.NamedPipe;
import java.io.IOException;

/** Examples for the Javadoc of {@code NamedPipe}. */
final class NamedPipeSnippets {
    private NamedPipeSnippets() {
    }

    /** Echoes the messages of one client after the other, until an empty one arrives. */
    static void serve(String name) throws IOException {
        // @start region="serve"
        try (Poll poll = Poll.open(); NamedPipe pipe = NamedPipe.create(name, NamedPipe.Mode.MESSAGES)) {
            Events events = Events.withCapacity(16);
            poll.registry().register(pipe, 0, Interest.READABLE.add(Interest.WRITABLE));
            byte[] message = new byte[4096];
            for (;;) {
                poll.poll(events);
                while (pipe.connect()) {
                    long n = pipe.read(message, 0, message.length);
                    if (n == IoResult.WOULD_BLOCK) {
                        break;
                    } else if (n == IoResult.EOF) {
                        pipe.disconnect(); // the next client
                    } else if (n == 0) {
                        return;
                    } else {
                        pipe.write(message, 0, (int) n); // may return WOULD_BLOCK if a client does not await the echo
                    }
                }
            }
        }
        // @end
    }
}
