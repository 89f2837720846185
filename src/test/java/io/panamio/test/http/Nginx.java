package io.panamio.test.http;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Loop;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Compares the answers of {@code serve} to valid requests with those of nginx, which serves the same files. */
final class Nginx implements AutoCloseable {
    private static final Instant MODIFIED = Instant.parse("2024-02-29T12:34:56Z");
    private static final List<String> FIELDS = List.of("Content-Length", "Content-Range", "Last-Modified");
    private static final List<String> RANGES = List.of("bytes=0-0", "bytes=0-", "bytes=-1", "bytes=-99999999",
        "bytes=5-", "bytes=2-3", "bytes=500-99999999999", "bytes=99999999-", "bytes=69999-", "bytes=70000-", "bytes=-0",
        "octets=0-1", "bytes=");

    private final Path folder;
    private final Process process;
    private final InetSocketAddress address;
    private final InetSocketAddress serve;
    private final Random random;

    Nginx(Servers servers, Path root, Path folder, long seed) throws IOException {
        this.folder = folder;
        serve = servers.serve.address();
        random = new Random(seed);
        for (String name : servers.files.keySet()) {
            Files.setLastModifiedTime(root.resolve(name), FileTime.from(MODIFIED));
        }
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        Path configuration = folder.resolve("nginx.conf");
        Files.writeString(configuration, """
            daemon off; master_process off; pid nginx.pid; error_log stderr;
            events { worker_connections 100; }
            http { access_log off; if_modified_since before; absolute_redirect off; keepalive_requests 1000000;
              keepalive_timeout 1h; keepalive_time 24h;
              max_ranges 1; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4;
              scgi_temp_path t5; server { listen 127.0.0.1:%d; root %s; } }
            """.formatted(port, root));
        process = new ProcessBuilder("nginx", "-p", folder + "/", "-c", configuration.toString())
            .redirectErrorStream(true).redirectOutput(folder.resolve("nginx.log").toFile()).start();
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }

    /** Sends requests to both, over one connection each, and compares the answers. */
    void compare(int count) throws IOException {
        Socket theirs = connect();
        try (Socket ours = new Socket(serve.getAddress(), serve.getPort())) {
            InputStream ourInput = new BufferedInputStream(ours.getInputStream(), 1 << 16);
            InputStream theirInput = new BufferedInputStream(theirs.getInputStream(), 1 << 16);
            for (int i = 0; i < count; i++) {
                String request = request();
                byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
                boolean head = request.startsWith("HEAD");
                ours.getOutputStream().write(bytes);
                theirs.getOutputStream().write(bytes);
                Answer answer = Answer.read(theirInput, head);
                String difference = difference(Answer.read(ourInput, head), answer);
                if (difference != null) {
                    throw new AssertionError(request + difference);
                }
                if (answer.status() == 412) { // after which nginx closes the connection, without saying so
                    theirs.close();
                    theirs = connect();
                    theirInput = new BufferedInputStream(theirs.getInputStream(), 1 << 16);
                }
            }
        } finally {
            theirs.close();
        }
    }

    private Socket connect() throws IOException {
        Socket[] socket = {null};
        Loop.until("nginx listens", () -> {
            try {
                socket[0] = new Socket(address.getAddress(), address.getPort());
                return true;
            } catch (ConnectException e) { // not started yet
                assertTrue(process.isAlive(), Files.readString(folder.resolve("nginx.log")));
                return false;
            }
        });
        return socket[0];
    }

    private String date(DateTimeFormatter format) {
        Instant instant = MODIFIED.plusSeconds(random.nextInt(3) - 1);
        return format.format(instant.atOffset(ZoneOffset.UTC));
    }

    private String date() {
        return date(DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT));
    }

    private String request() {
        List<String> fields = new ArrayList<>(List.of("Host: h"));
        List<String> targets = List.of("/a.txt", "/sub/b.txt", "/large", "/empty", "/missing", "/sub", "/a.txt?q",
            "/%61.txt", "//a.txt", "/sub/../a.txt", "/./large");
        String target = targets.get(random.nextInt(targets.size()));
        boolean head = random.nextInt(4) == 0;
        // nginx has ranges for HEAD as well, which RFC 9110 has not, and ignores those of an empty file
        if (!head && !target.equals("/empty") && random.nextBoolean()) {
            fields.add("Range: " + RANGES.get(random.nextInt(RANGES.size())));
        }
        switch (random.nextInt(8)) {
            case 0 -> fields.add("If-Modified-Since: " + date());
            case 1 -> fields.add("If-Unmodified-Since: " + date());
            case 2 -> fields.add("If-Range: " + date());
            case 3 -> fields.add("If-None-Match: " + (random.nextBoolean() ? "*" : "\"x\", W/\"y\""));
            case 4 -> fields.add("If-Match: " + (random.nextBoolean() ? "*" : "\"x\""));
            default -> { }
        }
        if (random.nextInt(4) == 0) {
            fields.add("X: " + "y".repeat(random.nextInt(200)));
        }
        return (head ? "HEAD " : "GET ") + target
            + " HTTP/1.1\r\n" + String.join("\r\n", fields) + "\r\n\r\n";
    }

    /** Returns what differs, or null. */
    private static String difference(Answer ours, Answer theirs) {
        if (ours == null || theirs == null) {
            return "no answer" + (ours == null ? "" : " of nginx");
        }
        if (ours.status() != theirs.status()) {
            return "status " + ours.status() + ", nginx " + theirs.status();
        }
        if (ours.status() == 200 || ours.status() == 206) {
            for (String name : FIELDS) {
                if (!ours.field(name).equals(theirs.field(name))) {
                    return name + ": " + ours.field(name) + ", nginx " + theirs.field(name);
                }
            }
            if (!Arrays.equals(ours.content(), theirs.content())) {
                return "the content";
            }
        }
        return null;
    }
}
