package io.panamio.test.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentLengthStrategy;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.io.ChunkedInputStream;
import org.apache.hc.core5.http.impl.io.ContentLengthInputStream;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestParser;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;

/** The parser of Apache HttpCore. */
final class HttpCore {
    private static final int BUFFER = 8192;

    /** A request, and the offset of its end; -1 if its body is incomplete or malformed. */
    record Seen(String method, int end) {
    }

    private HttpCore() {
    }

    /** Returns the requests up to the first one that is refused or incomplete. */
    static List<Seen> parse(byte[] bytes) {
        List<Seen> all = new ArrayList<>();
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        SessionInputBufferImpl buffer = new SessionInputBufferImpl(BUFFER);
        DefaultHttpRequestParser parser =
            new DefaultHttpRequestParser(Http1Config.custom().setMaxEmptyLineCount(1 << 20).build());
        try {
            for (ClassicHttpRequest request; (request = parser.parse(buffer, in)) != null;) {
                int end = -1;
                try {
                    body(request, buffer, in);
                    end = bytes.length - in.available() - buffer.length();
                } finally {
                    all.add(new Seen(request.getMethod(), end));
                }
            }
        } catch (IOException | HttpException | RuntimeException e) {
            return all; // refused
        }
        return all;
    }

    private static void body(ClassicHttpRequest request, SessionInputBufferImpl buffer, InputStream in)
            throws IOException, HttpException {
        long length = DefaultContentLengthStrategy.INSTANCE.determineLength(request);
        if (length == ContentLengthStrategy.CHUNKED) {
            new ChunkedInputStream(buffer, in).transferTo(OutputStream.nullOutputStream());
        } else if (length > 0) {
            new ContentLengthInputStream(buffer, in, length).transferTo(OutputStream.nullOutputStream());
        }
    }
}
