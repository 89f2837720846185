package io.panamio.test.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.log.LogFile;
import io.panamio.examples.serve.Settings;
import io.panamio.test.programs.Served.Response;
import io.panamio.test.programs.Served.Client;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.NativeCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The example {@code serve} withstands malicious clients. */
class ServeAttacksTest {
    private static final String SECRET = "secret";

    @TempDir
    private Path outside;
    private Path folder;
    private Served served;

    @BeforeEach
    void serve() throws IOException {
        folder = Files.createDirectories(outside.resolve("www"));
        Files.writeString(outside.resolve("secret.txt"), SECRET);
        Files.createDirectories(outside.resolve("www2"));
        Files.writeString(outside.resolve("www2/secret.txt"), SECRET);
        Files.createDirectories(folder.resolve("sub"));
        Files.writeString(folder.resolve("sub/b.txt"), "within");
        Files.writeString(folder.resolve("a.txt"), "within");
        served = new Served(folder);
    }

    @AfterEach
    void stop() {
        served.close();
    }

    // ---- paths that leave the directory

    @ParameterizedTest
    @ValueSource(strings = {"/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/%2E./secret.txt",
        "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/..%2Fwww2/secret.txt", "/sub/..%2f..%2fsecret.txt",
        "/./../secret.txt", "//../secret.txt", "/.//../secret.txt", "/a.txt/../../secret.txt", "/..", "/../",
        "/sub/%2e%2e/%2e%2e/", "http://h/../secret.txt", "/..?/a.txt"})
    void pathThatLeavesTheDirectoryIsABadRequest(String path) throws IOException {
        Response a = served.get(path);
        assertEquals(400, a.status());
        assertFalse(a.text().contains(SECRET));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%252e%252e/secret.txt", "/..%5csecret.txt", "/..\\secret.txt", "/.../secret.txt",
        "/%c0%ae%c0%ae/secret.txt", "/%c0%ae%c0%ae%c0%afsecret.txt", "/..;/secret.txt", "/ .. /secret.txt",
        "/%2e%2e%00/secret.txt", "/a.txt%00.html", "/%", "/%2", "/%zz", "/%-1", "/%+1", "/a%0d%0aX:%20y"})
    void pathThatOnlyLooksLikeLeavingIsNotFound(String path) throws IOException {
        Response a = served.get(path);
        assertTrue(a.status() == 404 || a.status() == 400, a.line());
        assertFalse(a.text().contains(SECRET));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/sub/../a.txt", "/sub/%2e%2e/a.txt", "/sub%2f..%2fa.txt", "/./a.txt", "//a.txt",
        "/sub/b.txt", "/sub%2Fb.txt", "/sub/.././sub/b.txt", "/nothing/../a.txt"})
    void pathWithinTheDirectoryIsServed(String path) throws IOException {
        assertEquals("within", served.get(path).text());
    }

    /** Windows takes each of them for a file of this tree, for a device, or for a stream of a file. */
    @ParameterizedTest
    @ValueSource(strings = {"/sub%5cb.txt", "/sub\\b.txt", "/sub/..%5ca.txt", "/a.txt.", "/a.txt...", "/a.txt%20",
        "/a.txt%20.", "/sub./b.txt", "/a.txt::$DATA", "/a.txt%3a%3a$DATA", "/sub::$INDEX_ALLOCATION/b.txt",
        "/C:/a.txt", "/NUL", "/con", "/sub/aux.txt", "/COM1", "/CONIN$"})
    void anotherSpellingOnWindowsIsNotFound(String path) throws IOException {
        assertEquals(404, served.get(path).status());
    }

    @Test
    void linkThatLeadsOutIsForbidden() throws IOException {
        Served.link(folder.resolve("out.txt"), outside.resolve("secret.txt"));
        Served.link(folder.resolve("relative.txt"), Path.of("../secret.txt"));
        Served.link(folder.resolve("out"), outside);
        Served.link(folder.resolve("www2"), outside.resolve("www2")); // the directory's name is a prefix
        Served.link(folder.resolve("twice"), Path.of("out"));
        Served.link(folder.resolve("sub/index.html"), outside.resolve("secret.txt"));
        Path device = Served.link(folder.resolve("null"), Path.of("/dev/null"));
        for (String path : List.of("/out.txt", "/relative.txt", "/out/secret.txt", "/out/", "/out", "/www2/secret.txt",
                "/twice/secret.txt", "/out/www/../secret.txt", "/sub/", "/null")) {
            Response a = served.get(path);
            assertTrue(a.status() == 403 || a.status() == 404, path + ": " + a.line());
            assertFalse(a.text().contains(SECRET), path);
        }
        Files.delete(device); // otherwise JUnit warns
    }

    @Test
    void aListingRevealsNothingBehindALinkThatLeadsOut() throws IOException {
        Files.writeString(outside.resolve("secret.txt"), "x".repeat(7654321));
        Files.setLastModifiedTime(outside.resolve("secret.txt"), FileTime.from(Instant.parse("2001-02-03T04:05:06Z")));
        Served.link(folder.resolve("out.txt"), outside.resolve("secret.txt"));
        Served.link(folder.resolve("out"), outside);
        Served.link(folder.resolve("nowhere"), outside.resolve("nothing"));
        Served.link(folder.resolve("in.txt"), Path.of("a.txt"));
        Served.link(folder.resolve("in"), folder.resolve("sub"));
        String page = served.get("/").text();
        for (String name : List.of("out.txt", "out", "nowhere")) {
            assertTrue(page.contains("<a href=\"./" + name + "\">" + name
                + "</a></td><td align=\"right\">-</td><td>-</td>"), page);
        }
        assertTrue(page.contains(">in.txt</a></td><td align=\"right\">6</td>"), page);
        assertTrue(page.contains(">in/</a>"), page);
        assertFalse(page.contains("7654321") || page.contains("2001-02-03"), page);
    }

    @Test
    void linkWithinTheDirectoryIsFollowed() throws IOException {
        Served.link(folder.resolve("link.txt"), Path.of("sub/b.txt"));
        Served.link(folder.resolve("absolute"), folder.resolve("sub"));
        Served.link(folder.resolve("nowhere"), Path.of("nothing"));
        Served.link(folder.resolve("circle"), Path.of("circle"));
        assertEquals("within", served.get("/link.txt").text());
        assertEquals("within", served.get("/absolute/b.txt").text());
        assertEquals(404, served.get("/nowhere").status());
        assertEquals(404, served.get("/circle").status());
        assertEquals(200, served.get("/").status()); // lists all of them
    }

    @Test
    void linkThatIsChangedToLeadOutIsForbiddenFromThenOn() throws IOException {
        Settings settings = new Settings(folder);
        settings.validTime = Duration.ZERO;
        try (Served strict = new Served(settings)) {
            Path link = Served.link(folder.resolve("link.txt"), Path.of("a.txt"));
            assertEquals("within", strict.get("/link.txt").text());
            Files.delete(link);
            Served.link(link, outside.resolve("secret.txt"));
            assertEquals(403, strict.get("/link.txt").status());
        }
    }

    @Test
    void fileThatMayNotBeReadIsForbidden() throws Exception {
        NativeCalls.makeFifo(folder.resolve("fifo"));
        assertEquals(403, served.get("/fifo").status()); // no open waits for a writer
        assertEquals(404, served.get("/" + "n".repeat(300)).status());
    }

    @Test
    void redirectStaysOnThisServer() throws IOException {
        Files.createDirectories(folder.resolve("evil.com"));
        assertEquals("/evil.com/", served.get("//evil.com").header("Location"));
        assertEquals("/evil.com/", served.get("/%2fevil.com").header("Location"));
    }

    @Test
    void redirectHasNoOtherHeader() throws IOException {
        Behaviour.NAMES_ARE_RESTRICTED.skip();
        Files.createDirectories(folder.resolve("a\r\nX: y"));
        assertEquals("/a%0D%0AX%3A%20y/", served.get("/a%0d%0aX:%20y").header("Location"));
    }

    // ---- malformed requests

    @ParameterizedTest
    @ValueSource(strings = {"GET\r\n\r\n", "GET /a.txt\r\n\r\n", " GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET  /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a.txt  HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a.txt HTTP/1.1 \r\nHost: x\r\n\r\n", "GET /a.txt HTTP/1.1\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET a.txt HTTP/1.1\r\nHost: x\r\n\r\n", "GET http:///a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET ftp://h/a.txt HTTP/1.1\r\nHost: x\r\n\r\n", "G(T /a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a.txt FTP/1.1\r\nHost: x\r\n\r\n", "GET /a.txt http/1.1\r\nHost: x\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /a.txt HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nA: b\u007fc\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: x\r\nA: 0123456789abcdef\u007f\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a b\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: <x>\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: a,b\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\tb\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: u@h\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: h:80x\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: h:1:2\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: [::1\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: [::1]x\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: []\r\n\r\n", "POST  HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: \u00e4\r\n\r\n", "GET /a.txt HTTP/1.0\r\nHost: a b\r\n\r\n",
        "GET http://u@h/a.txt HTTP/1.1\r\nHost: x\r\n\r\n", "GET http://a,b/a.txt HTTP/1.1\r\nHost: x\r\n\r\n",
        "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc"})
    void aMalformedRequestIsRefusedAndEndsTheConnection(String request) throws IOException {
        try (Client client = served.client()) {
            client.send(request + "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
            Response a = client.response();
            assertEquals(400, a.status());
            assertEquals("close", a.header("Connection"));
            client.expectEnd();
        }
    }

    /** Nothing follows that would have made the line long enough. */
    @ParameterizedTest
    @ValueSource(strings = {"GET /a.txt \r\n\r\n", "GET /a.txt HTTP/1\r\n", "GET /a.txt x\n"})
    void aVersionThatIsTooShortIsRefusedAtTheEndOfItsLine(String request) throws IOException {
        try (Client client = served.client()) {
            client.send(request);
            assertEquals(400, client.response().status());
        }
    }

    @Test
    void unsupportedMethodsAndVersionsAreRefused() throws IOException {
        try (Client client = served.client()) {
            for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")) {
                Response a = client.ask(method + " /a.txt HTTP/1.1\r\n");
                assertEquals(405, a.status(), method);
                assertEquals("GET, HEAD", a.header("Allow"));
            }
            for (String method : List.of("get", "GETT", "GE", "M-SEARCH", "post", "~")) {
                assertEquals(501, client.ask(method + " /a.txt HTTP/1.1\r\n").status(), method);
            }
            assertEquals("GET, HEAD", client.ask("OPTIONS * HTTP/1.1\r\n").header("Allow"));
            assertEquals(405, client.ask("CONNECT h:80 HTTP/1.1\r\n").status());
            assertEquals(505, client.ask("GET /a.txt HTTP/2.0\r\n").status());
            client.expectEnd();
        }
        assertEquals(501, served.get("/a.txt", "Transfer-Encoding: gzip").status());
        assertEquals(200, served.ask("GET /a.txt HTTP/1.7\r\n").status());
    }

    @Test
    void aLongMethodIsRefusedHoweverItArrives() throws IOException {
        for (int piece : new int[] {1, 1000, 8100, 20_000}) {
            try (Client client = served.client()) {
                String request = "A".repeat(9000) + " / HTTP/1.1\r\nHost: h\r\n\r\n";
                client.send(request.substring(0, Math.min(piece, request.length())));
                client.send(request.substring(Math.min(piece, request.length())));
                assertEquals(501, client.response().status());
                client.expectEnd();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "h", "h:80", "h:", "127.0.0.1:8080", "[::1]", "[::ffff:1.2.3.4]:80", "a_b.c-d~",
        "a%20b"})
    void validHostIsAccepted(String host) throws IOException {
        try (Client client = served.client()) {
            client.send("GET /a.txt HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
            assertEquals("within", client.response().text());
        }
    }

    // ---- chunks

    private static final String CHUNKED = "GET /a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String NEXT = "GET /sub/b.txt HTTP/1.1\r\nHost: x\r\n\r\n";

    @ParameterizedTest
    @ValueSource(strings = {"0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n",
        "3;a=b;c=\"d\"\r\nabc\r\n0;x\r\n\r\n", "3 \t;a\r\nabc\r\n0 ;\r\n\r\n", "0\r\nX: y\r\nZ:\r\n\r\n",
        "1a\r\nGET /nothing HTTP/1.1\r\nA: \r\n0\r\n\r\n"})
    void chunksAreSkipped(String body) throws IOException {
        try (Client client = served.client()) {
            client.send(CHUNKED + body + NEXT);
            assertEquals(200, client.response().status());
            assertEquals(200, client.response().status());
            client.send(CHUNKED);
            assertEquals(200, client.response().status());
            for (char c : (body + NEXT).toCharArray()) {
                client.send(String.valueOf(c));
            }
            assertEquals(200, client.response().status());
            assertEquals(404, client.ask("GET /nothing HTTP/1.1\r\n").status());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n0\r\n\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "g\r\n", " 1\r\n", "1 1\r\n", "1 \r\n",
        "3\nabc\r\n",
        "3\r\nabc\n0\r\n\r\n", "3\r\nabcd\r\n", "3\rabc", "3;a\nabc\r\n", "3;a\0\r\nabc\r\n", "0\r\n\n",
        "0\r\n X: y\r\n",
        "0\r\nno colon\r\n\r\n", "0\r\nX : y\r\n\r\n",
        "0\r\nX: y\n\r\n", "0\r\n: y\r\n\r\n", "0\r\nX: \u007f\r\n\r\n", ";a\r\n"})
    void aMalformedChunkIsABadRequestAndEndsTheConnection(String body) throws IOException {
        try (Client client = served.client()) {
            client.send(CHUNKED + body + NEXT);
            Response a = client.response();
            assertEquals(400, a.status());
            assertEquals("close", a.header("Connection"));
            client.expectEnd();
        }
        try (Client client = served.client()) { // sent after the response, so the server can only close the connection
            client.send(CHUNKED);
            assertEquals(200, client.response().status());
            client.send(body + NEXT);
            client.expectEnd();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"100001\r\n", "7fffffffffffffff\r\n", "ffffffffffffffff\r\n", "10000000000000000000\r\n",
        "000000000000000000000000000000000000100001\r\n"})
    void chunkThatIsTooLargeIsRefused(String body) throws IOException {
        try (Client client = served.client()) {
            client.send(CHUNKED + body + NEXT);
            assertEquals(413, client.response().status());
            client.expectEnd();
        }
    }

    @Test
    void manyChunksThatAreTooLargeTogetherAreRefused() throws IOException {
        Behaviour.RESETS_MISS_WAITING_WRITES.skip();
        for (String endless : List.of("1\r\na\r\n", "0", "1;" + "x".repeat(4000), "1 ", "0\r\n" + "X: y\r\n")) {
            try (Client client = served.client()) {
                client.send(CHUNKED);
                assertEquals(200, client.response().status());
                String much = endless.substring(endless.startsWith("0\r") ? 3 : 0).repeat(10_000);
                client.send(endless);
                for (int sent = 0; sent < 3 << 20; sent += much.length()) {
                    client.send(endless.startsWith("1;") ? much.replace("1;", "xx") : endless.equals("1 ")
                        ? much.replace('1', ' ') : much);
                }
                client.expectEnd();
            } catch (IOException e) {
                assertNotEquals("Read timed out", e.getMessage(), endless); // otherwise a reset, after two seconds
            }
        }
    }

    @Test
    void bodyThatIsTooLargeIsRefused() throws IOException {
        for (String header : List.of("Content-Length: 99999999999", "Content-Length: 999999999999999999999999")) {
            try (Client client = served.client()) {
                Response a = client.ask("GET /a.txt HTTP/1.1\r\n" + header + "\r\n");
                assertEquals(413, a.status());
                client.expectEnd();
            }
        }
        Response a = served.get("/a.txt", "Content-Length: 5", "Expect: 100-continue");
        assertEquals("within", a.text());
        assertEquals("close", a.header("Connection"));
    }

    @Test
    void headThatIsTooLargeIsRefused() throws IOException {
        assertEquals(414, served.get("/" + "a".repeat(8100)).status());
        assertEquals(431, served.get("/a.txt", "X: " + "a".repeat(17_000)).status());
        assertEquals(431, served.get("/a.txt", "X: y\r\n".repeat(4000)).status());
        assertEquals(414, served.get("/?" + "a".repeat(100_000)).status());
        assertEquals(200, served.get("/a.txt", "X: " + "a".repeat(16_000)).status());
        assertEquals(200, served.get("/a.txt?" + "a".repeat(7900)).status());
    }

    @Test
    void aClientThatKeepsSendingStillGetsTheRefusal() throws IOException {
        try (Client client = served.client()) {
            client.send("GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
            for (int i = 0; i < 50; i++) {
                client.send("x".repeat(100_000)); // closing at once would reset the connection and discard the response
            }
            assertEquals(413, client.response().status());
            client.expectEnd();
        }
    }

    @Test
    void randomInputDoesNotEndTheServer() throws IOException {
        Random random = new Random(3);
        String[] words = {"GET ", "/a.txt", " HTTP/1.1", "\r\n", "Host: x", "Host: [::", "3\r\n",
            "Transfer-Encoding: chunked\r\n\r\n", "POST ", "/./", "/sub/",
            "If-Modified-Since: Thu, 29 Feb 2024 12:34:5",
            "Expect: 100-continue",
            "Range: bytes=", "0-", "-", ",", "\n", "\0",
            "%", "..", "/", "If-None-Match: \"", "W/", "*", "Content-Length: 3", "\u00ff", " ", ":", "HEAD ", "\r"};
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "GET /a.txt HTTP/1.1\r\nHost: x\r\n" : "");
            for (int n = random.nextInt(20); n >= 0; n--) {
                text.append(words[random.nextInt(words.length)]);
            }
            try (Client client = served.client()) {
                client.send(text.toString());
                if (random.nextBoolean()) {
                    client.socket.shutdownOutput();
                    client.drain();
                }
            } catch (IOException e) {
                assertNotEquals("Read timed out", e.getMessage(), text.toString());
            }
        }
        assertEquals("within", served.get("/a.txt").text());
    }

    /** A receive stops at an urgent byte, and no further event reports the bytes after it. */
    @Test
    void urgentBytesDelayNothing() throws IOException {
        String request = "GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd";
        for (int i = 0; i < request.length(); i++) {
            try (Client client = served.client()) {
                client.send(request.substring(0, i));
                client.socket.sendUrgentData('!');
                client.send(request.substring(i));
                assertEquals("within", client.response().text());
                assertEquals("within", client.ask("GET /sub/b.txt HTTP/1.1\r\n").text());
            }
        }
    }

    @Test
    void manyIncompleteRequestsDelayNoOtherClient() throws IOException {
        List<Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                Client client = served.client();
                clients.add(client);
                client.send("GET /a.txt HTTP/1.1\r\nX: ");
            }
            assertEquals("within", served.get("/a.txt").text());
            for (Client client : clients) {
                assertEquals("within", client.send("y\r\nHost: x\r\n\r\n").response().text());
            }
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }

    @Test
    void manyMissingFilesDisplaceNothingAndLeakNothing() throws IOException {
        try (Client client = served.client()) {
            for (int i = 0; i < 3000; i++) {
                assertEquals(404, client.ask("GET /missing" + i + " HTTP/1.1\r\n").status());
            }
            assertEquals("within", client.ask("GET /a.txt HTTP/1.1\r\n").text());
        }
    }

    // ---- the log

    @Test
    void aRequestCannotForgeALogLine() throws IOException {
        Path file = outside.resolve("log");
        Settings settings = new Settings(folder);
        LogFile log = LogFile.of(file);
        settings.log = log;
        try (log; Served logged = new Served(settings)) {
            logged.get("/a.txt?\"\u00e4\\", "User-Agent: \"x\" \u009b[31m\ty", "Referer: http://r/");
            logged.get("/missing");
            try (Client client = logged.client()) {
                assertEquals(400, client.send("\u0001\" 1\n").response().status());
            }
        }
        List<String> lines = Files.readAllLines(file, UTF_8);
        String at = "127\\.0\\.0\\.1 - - \\[\\d\\d/[A-Z][a-z][a-z]/\\d{4}:\\d\\d:\\d\\d:\\d\\d \\+0000] ";
        List<String> rest = lines.stream().map(line -> line.replaceFirst(at, "")).toList();
        assertEquals(List.of(
            "\"GET /a.txt?\\x22\\xe4\\x5c HTTP/1.1\" 200 6 \"http://r/\" \"\\x22x\\x22 \\x9b[31m\\x09y\"",
            "\"GET /missing HTTP/1.1\" 404 14 \"-\" \"-\"",
            "\"\\x01\\x22 1\" 400 16 \"-\" \"-\""), rest);
    }
}
