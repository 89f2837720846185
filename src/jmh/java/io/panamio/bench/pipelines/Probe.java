package io.panamio.bench.pipelines;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Requests a file once, over a blocking socket, and compares each byte. */
final class Probe {
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int MOST_HEAD = 4096;

    private Probe() {
    }

    /** Returns the size of a whole response, head and body. Throws if the response is not the file. */
    static long responseSize(InetSocketAddress server, Body body, Path file) throws IOException {
        try (Socket socket = new Socket(server.getAddress(), server.getPort());
             InputStream expected = new BufferedInputStream(Files.newInputStream(file))) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            // the same request as wrk's
            socket.getOutputStream().write("GET /%s HTTP/1.1\r\nHost: %s:%d\r\n\r\n"
                .formatted(body.file(), server.getHostString(), server.getPort()).getBytes(StandardCharsets.US_ASCII));
            InputStream response = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            String head = head(response);
            if (!head.startsWith("HTTP/1.1 200 ")) {
                throw new IOException("the server responds: " + head.lines().findFirst().orElse(""));
            }
            byte[] buffer = new byte[1 << 16];
            for (int n; (n = expected.read(buffer)) > 0;) {
                byte[] got = response.readNBytes(n);
                if (!Arrays.equals(got, 0, got.length, buffer, 0, n)) {
                    throw new IOException("the response is not the file");
                }
            }
            return head.length() + (long) body.size();
        }
    }

    private static String head(InputStream response) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int c = response.read();
            if (c < 0 || head.length() > MOST_HEAD) {
                throw new EOFException("the response has no head");
            }
            head.append((char) c);
        }
        return head.toString();
    }
}
