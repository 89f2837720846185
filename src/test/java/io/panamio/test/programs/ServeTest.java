package io.panamio.test.programs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.serve.Settings;
import io.panamio.test.programs.Served.Response;
import io.panamio.test.programs.Served.Client;
import io.panamio.test.support.Behaviour;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The responses of the example {@code serve} for files and directories. */
class ServeTest {
    private static final Instant MODIFIED = Instant.parse("2024-02-29T12:34:56.789Z");
    private static final String DATE = "Thu, 29 Feb 2024 12:34:56 GMT";
    private static final int LARGE = 3_000_000;

    @TempDir
    private Path folder;
    private Served served;
    private byte[] large;

    @BeforeEach
    void serve() throws IOException {
        file("a.txt", "0123456789");
        large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(folder.resolve("large.bin"), large);
        served = new Served(folder);
    }

    @AfterEach
    void stop() {
        served.close();
    }

    private Path file(String name, String content) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
        return Files.setLastModifiedTime(path, FileTime.from(MODIFIED));
    }

    // ---- whole files

    @Test
    void smallFileHasAllItsHeaders() throws IOException {
        Response a = served.get("/a.txt");
        assertEquals("HTTP/1.1 200 OK", a.line());
        assertEquals("0123456789", a.text());
        assertEquals("10", a.header("Content-Length"));
        assertEquals("text/plain; charset=utf-8", a.header("Content-Type"));
        assertEquals("bytes", a.header("Accept-Ranges"));
        assertEquals(DATE, a.header("Last-Modified"));
        assertTrue(a.header("ETag").matches("\"[0-9a-f.-]+\""), a.header("ETag"));
        assertNull(a.header("Connection"));
        ZonedDateTime date = ZonedDateTime.parse(a.header("Date"), DateTimeFormatter.RFC_1123_DATE_TIME);
        assertTrue(Math.abs(date.toEpochSecond() - Instant.now().getEpochSecond()) < 10, a.header("Date"));
    }

    @Test
    void largeFileIsSentWhole() throws IOException {
        assertArrayEquals(large, served.get("/large.bin").content());
    }

    @Test
    void headIsSentTogetherWithALargeFileIfConfigured() throws IOException {
        Settings settings = new Settings(folder);
        settings.noPush = true;
        try (Served other = new Served(settings); Client client = other.client()) {
            for (int i = 0; i < 10; i++) {
                assertArrayEquals(large, client.ask("GET /large.bin HTTP/1.1\r\n").content());
                assertEquals(206, client.ask("GET /large.bin HTTP/1.1\r\nRange: bytes=-40000\r\n").status());
            }
        }
    }

    @Test
    void anEmptyFileIsServed() throws IOException {
        file("empty", "");
        Response a = served.get("/empty");
        assertEquals(200, a.status());
        assertEquals("0", a.header("Content-Length"));
        assertEquals(200, served.get("/empty", "Range: bytes=-5").status());
        assertEquals(416, served.get("/empty", "Range: bytes=0-").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a.txt", "/large.bin", "/missing", "/"})
    void headIsTheSameWithoutTheContent(String path) throws IOException {
        Response get = served.get(path);
        try (Client client = served.client()) {
            Response head = client.ask("HEAD " + path + " HTTP/1.1\r\n");
            head.headers().replace("Date", get.header("Date"));
            assertEquals(get.line(), head.line());
            assertEquals(get.headers(), head.headers());
            assertEquals("0123456789", client.ask("GET /a.txt HTTP/1.1\r\n").text());
        }
    }

    @ParameterizedTest
    @CsvSource({"x.html,text/html; charset=utf-8", "x.HTM,text/html; charset=utf-8", "x.css,text/css; charset=utf-8",
        "x.js,text/javascript; charset=utf-8", "x.json,application/json", "x.png,image/png", "x.svg,image/svg+xml",
        "x.tar.gz,application/gzip", "x,application/octet-stream", "x.nonsense,application/octet-stream",
        "d.css/x,application/octet-stream"})
    void typeFollowsFromTheName(String name, String type) throws IOException {
        file(name, "x");
        assertEquals(type, served.get("/" + name).header("Content-Type"));
    }

    // ---- connections

    @Test
    void aConnectionIsKeptUnlessTheClientAsksToCloseIt() throws IOException {
        try (Client client = served.client()) {
            for (int i = 0; i < 3; i++) {
                assertEquals("0123456789", client.ask("GET /a.txt HTTP/1.1\r\n").text());
                assertEquals(LARGE, client.ask("GET /large.bin HTTP/1.1\r\n").content().length);
                assertEquals(404, client.ask("GET /missing HTTP/1.1\r\n").status());
            }
            Response last = client.ask("GET /a.txt HTTP/1.1\r\nConnection: foo, Close\r\n");
            assertEquals("close", last.header("Connection"));
            client.expectEnd();
        }
    }

    @Test
    void http10ConnectionIsKeptIfRequested() throws IOException {
        try (Client client = served.client()) {
            Response kept = client.ask("GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n");
            assertEquals("keep-alive", kept.header("Connection"));
            Response last = client.send("GET /a.txt HTTP/1.0\r\n\r\n").response();
            assertEquals("close", last.header("Connection"));
            assertEquals("0123456789", last.text());
            client.expectEnd();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a.txt", "/large.bin"})
    void clientThatSendsNoMoreGetsItsResponses(String path) throws IOException {
        try (Client client = served.client()) {
            client.send(("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").repeat(3));
            client.socket.shutdownOutput();
            for (int i = 0; i < 3; i++) {
                assertEquals(200, client.response().status());
            }
            client.expectEnd();
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        file("b.txt", "b".repeat(5000));
        String[] paths = {"/a.txt", "/b.txt", "/missing", "/large.bin", "/a.txt", "/"};
        StringBuilder requests = new StringBuilder();
        List<String> asked = new ArrayList<>();
        Random random = new Random(2);
        for (int i = 0; i < 400; i++) {
            String path = paths[i % 40 == 0 ? 3 : random.nextInt(3) == 0 ? 5 : random.nextInt(3)];
            asked.add(path);
            requests.append("GET ").append(path).append(" HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        try (Client client = served.client()) {
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try {
                    client.send(requests.toString());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            for (String path : asked) {
                Response a = client.response();
                assertEquals(path.equals("/missing") ? 404 : 200, a.status());
                assertEquals(switch (path) {
                    case "/a.txt" -> 10;
                    case "/b.txt" -> 5000;
                    case "/missing" -> 14;
                    case "/large.bin" -> LARGE;
                    default -> a.content().length;
                }, a.content().length);
                if (path.equals("/large.bin")) {
                    assertArrayEquals(large, a.content());
                }
            }
            sent.join();
        }
    }

    @Test
    void requestMayArriveByteByByte() throws IOException {
        try (Client client = served.client()) {
            for (char c : "\r\nGET /a.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=2-3\r\n\r\n".toCharArray()) {
                client.send(String.valueOf(c));
            }
            assertEquals("23", client.response().text());
            client.send("GET /a.txt HTTP/1.1\nHost: x\n\n"); // bare newlines are accepted, too
            assertEquals("0123456789", client.response().text());
        }
    }

    @Test
    void bodyIsSkipped() throws IOException {
        try (Client client = served.client()) {
            String body = "GET /missing HTTP/1.1\r\n\r\n".repeat(2000);
            client.send("GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            assertEquals("0123456789", client.response().text());
            client.send("POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
            Response post = client.response();
            assertEquals(405, post.status());
            assertEquals("GET, HEAD", post.header("Allow"));
            assertEquals("0123456789", client.ask("GET /a.txt HTTP/1.1\r\n").text());
        }
    }

    // ---- directories and names

    @Test
    void directoryHasItsIndex() throws IOException {
        file("sub/index.html", "<p>index");
        Response moved = served.get("/sub?x=y");
        assertEquals(301, moved.status());
        assertEquals("/sub/", moved.header("Location"));
        Response a = served.get("/sub/");
        assertEquals("<p>index", a.text());
        assertEquals("text/html; charset=utf-8", a.header("Content-Type"));
        assertEquals(304, served.get("/sub/", "If-None-Match: " + a.header("ETag")).status());
        assertEquals(404, served.get("/sub/index.html/").status());
        assertEquals(404, served.get("/a.txt/").status());
    }

    @Test
    void directoryWithoutIndexIsListed() throws IOException {
        file("list/&'.txt", "12345");
        file("list/dir/x", "x");
        file("list/ä b%.txt", "x");
        String page = served.get("/list/").text();
        assertTrue(page.contains("<a href=\"./%26%27.txt\">&amp;&#39;.txt</a>"), page);
        assertTrue(page.contains(">5</td>"), page);
        assertTrue(page.contains("<a href=\"./dir/\">dir/</a>"), page);
        assertTrue(page.contains("href=\"./%C3%A4%20b%25.txt\">ä b%.txt<"), page);
        assertTrue(page.contains("../"), page);
        assertEquals("12345", served.get("/list/%26%27.txt").text());
        assertFalse(served.get("/").text().contains("../"));
    }

    @Test
    void theRootMayHaveAnyName() throws IOException {
        file("\u00e4 \u4e00%/a\u0308.txt", "decomposed");
        try (Served other = new Served(folder.resolve("\u00e4 \u4e00%"))) {
            assertEquals("decomposed", other.get("/a%CC%88.txt").text());
            String page = other.get("/").text();
            assertTrue(page.contains("href=\"./a%CC%88.txt\""), page);
        }
    }

    @Test
    void namesCannotForgeAListing() throws IOException {
        Behaviour.NAMES_ARE_RESTRICTED.skip();
        file("list/<b>\"\n.txt", "12345");
        String page = served.get("/list/").text();
        assertTrue(page.contains("<a href=\"./%3Cb%3E%22%0A.txt\">&lt;b&gt;&quot;\n.txt</a>"), page);
        assertEquals("12345", served.get("/list/%3Cb%3E%22%0A.txt").text());
    }

    @Test
    void namesAreDecoded() throws IOException {
        file("ä b%+.txt", "decoded");
        for (String path : List.of("/%C3%A4%20b%25+.txt", "/%c3%a4%20b%25%2B.txt?query=%",
                "//./x/../%C3%A4%20b%25+.txt",
                "http://host:80/%C3%A4%20b%25+.txt", "HTTPS://h/%C3%A4%20b%25+.txt?q")) {
            assertEquals("decoded", served.get(path).text(), path);
        }
        byte[] raw = "/ä b%25+.txt".replace(" ", "%20").getBytes(UTF_8); // as some clients send it
        assertEquals("decoded", served.get(new String(raw, ISO_8859_1)).text());
        assertEquals(200, served.get("http://host").status());
    }

    // ---- the JDK's HTTP client

    @Test
    void theJdksClientWorks() throws Exception {
        try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            List<CompletableFuture<HttpResponse<byte[]>>> all = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                HttpRequest request = HttpRequest.newBuilder(URI.create(served.url("/large.bin")))
                    .header("Range", "bytes=" + i + "-").build();
                all.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray()));
            }
            for (int i = 0; i < 40; i++) {
                HttpResponse<byte[]> response = all.get(i).get();
                assertEquals(206, response.statusCode());
                assertTrue(Arrays.equals(response.body(), 0, LARGE - i, large, i, LARGE));
            }
        }
    }

    @Test
    void tagChangesWithTheFile() throws IOException {
        String before = served.get("/a.txt").header("ETag");
        served.close();
        file("a.txt", "another");
        served = new Served(folder);
        Response a = served.get("/a.txt");
        assertEquals("another", a.text());
        assertNotEquals(before, a.header("ETag"));
    }
}
