package io.panamio.examples.serve;

import io.panamio.examples.log.LogFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Reports failures that do not end the loop, at most one per second, so that no client can flood the log. */
final class Trouble {
    private final LogFile file;
    private final Clock clock;
    private long reported = Long.MIN_VALUE;
    private long suppressed;

    Trouble(Settings settings, Clock clock) {
        file = settings.errors;
        this.clock = clock;
    }

    /** Reports an exception, with its stack trace unless it is an IOException. */
    void report(Throwable thrown) {
        if (clock.second == reported) {
            suppressed++;
            return;
        }
        reported = clock.second;
        try {
            StringWriter text = new StringWriter().append("serve: ");
            if (suppressed > 0) {
                text.append(Long.toString(suppressed)).append(" more before; ");
            }
            if (thrown instanceof IOException) {
                text.append(thrown.getMessage()).append('\n');
            } else {
                thrown.printStackTrace(new PrintWriter(text, true));
            }
            suppressed = 0;
            file.write(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)), 1);
        } catch (RuntimeException | Error e) {
            suppressed++; // such as for lack of memory
        }
    }
}
