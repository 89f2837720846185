package io.panamio.examples.serve;

import io.panamio.examples.log.LogFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What goes wrong in a loop that goes on. It is told once a second at most, so that nobody can make much of it. */
final class Trouble {
    private final LogFile file;
    private final Clock clock;
    private long told = Long.MIN_VALUE;
    private long untold;

    Trouble(Settings settings, Clock clock) {
        file = settings.errors;
        this.clock = clock;
    }

    /** Reports what was thrown, with its stack if it is not the system's. */
    void tell(Throwable thrown) {
        if (clock.second == told) {
            untold++;
            return;
        }
        told = clock.second;
        try {
            StringWriter text = new StringWriter().append("serve: ");
            if (untold > 0) {
                text.append(Long.toString(untold)).append(" more before; ");
            }
            if (thrown instanceof IOException) {
                text.append(thrown.getMessage()).append('\n');
            } else {
                thrown.printStackTrace(new PrintWriter(text, true));
            }
            untold = 0;
            file.write(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)), 1);
        } catch (OutOfMemoryError e) {
            untold++; // what was thrown may be the same
        }
    }
}
