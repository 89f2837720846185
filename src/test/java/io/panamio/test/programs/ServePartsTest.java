package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.panamio.test.programs.Served.Response;
import io.panamio.test.programs.Served.Client;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Range requests and conditional requests of the example {@code serve}. */
class ServePartsTest {
    private static final String DATE = "Thu, 29 Feb 2024 12:34:56 GMT";
    private static final int LARGE = 3_000_000;

    @TempDir
    private Path folder;
    private Served served;
    private byte[] large;

    @BeforeEach
    void serve() throws IOException {
        Path path = Files.writeString(folder.resolve("a.txt"), "0123456789");
        Files.setLastModifiedTime(path, FileTime.from(Instant.parse("2024-02-29T12:34:56.789Z")));
        large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(folder.resolve("large.bin"), large);
        served = new Served(folder);
    }

    @AfterEach
    void stop() {
        served.close();
    }

    // ---- ranges

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
        "bytes=0-0 206 0 0-0", "bytes=2-4 206 234 2-4", "bytes=8- 206 89 8-9", "bytes=8-100 206 89 8-9",
        "bytes=-3 206 789 7-9", "bytes=-100 206 0123456789 0-9", "BYTES=1-1 206 1 1-1",
        "bytes=0-99999999999999999999999 206 0123456789 0-9",
        "bytes=10- 416 '' *", "bytes=-0 416 '' *", "bytes=99999999999999999999- 416 '' *",
        "bytes=4-2 200 0123456789 ''", "bytes=- 200 0123456789 ''", "bytes=x-2 200 0123456789 ''",
        "bytes=1 200 0123456789 ''", "lines=1-2 200 0123456789 ''", "bytes=0-1,4-5 200 0123456789 ''"})
    void rangeIsServed(String range, int status, String content, String sent) throws IOException {
        Response a = served.get("/a.txt", "Range: " + range);
        assertEquals(status, a.status());
        assertEquals(content, a.text());
        assertEquals(sent.isEmpty() ? null : "bytes " + sent + "/10", a.header("Content-Range"));
    }

    @Test
    void rangeOfALargeFileIsServed() throws IOException {
        try (Client client = served.client()) {
            for (int[] r : new int[][] {{0, 0}, {1, 2_000_000}, {2_999_999, 2_999_999}, {12_345, 54_321}}) {
                Response a = client.ask("GET /large.bin HTTP/1.1\r\nRange: bytes=" + r[0] + "-" + r[1] + "\r\n");
                assertEquals(206, a.status());
                assertArrayEquals(Arrays.copyOfRange(large, r[0], r[1] + 1), a.content());
            }
            assertEquals(200, client.ask("HEAD /large.bin HTTP/1.1\r\nRange: bytes=1-2\r\n").status());
        }
    }

    @Test
    void rangeIsServedIfTheFileIsTheSame() throws IOException {
        String tag = served.get("/a.txt").header("ETag");
        assertEquals("12", served.get("/a.txt", "Range: bytes=1-2", "If-Range: " + tag).text());
        assertEquals("12", served.get("/a.txt", "Range: bytes=1-2", "If-Range: " + DATE).text());
        assertEquals(200, served.get("/a.txt", "Range: bytes=1-2", "If-Range: \"another\"").status());
        assertEquals(200, served.get("/a.txt", "Range: bytes=1-2", "If-Range: W/" + tag).status());
        assertEquals(200, served.get("/a.txt", "Range: bytes=1-2",
            "If-Range: Thu, 29 Feb 2024 12:34:57 GMT").status());
    }

    // ---- conditions

    @Test
    void fileThatTheClientHasIsNotSent() throws IOException {
        String tag = served.get("/a.txt").header("ETag");
        try (Client client = served.client()) {
            for (String header : List.of("If-None-Match: " + tag, "If-None-Match: W/" + tag, "If-None-Match: *",
                    "If-None-Match: \"x\", \"a,b\" ,W/\"y\"," + tag, "if-modified-since:" + DATE + "  ",
                    "If-Modified-Since: Thu, 29 Feb 2024 12:34:57 GMT",
                    "If-Modified-Since: Thursday, 29-Feb-24 12:34:56 GMT",
                    "If-Modified-Since: Thu Feb 29 12:34:56 2024",
                    "If-Modified-Since: Sat Mar  1 00:00:00 2025")) {
                Response a = client.ask("GET /a.txt HTTP/1.1\r\n" + header + "\r\n");
                assertEquals(304, a.status(), header);
                assertEquals(tag, a.header("ETag"));
                assertNull(a.header("Content-Length"));
            }
        }
    }

    @Test
    void fileThatTheClientLacksIsSent() throws IOException {
        String tag = served.get("/a.txt").header("ETag");
        for (String header : List.of("If-None-Match: \"x\"", "If-None-Match: " + tag.substring(1),
                "If-None-Match: nonsense", "If-None-Match: \"x\"\r\nIf-Modified-Since: " + DATE,
                "If-Modified-Since: Thu, 29 Feb 2024 12:34:55 GMT", "If-Modified-Since: Thu Feb 29 12:34:55 2024",
                "If-Modified-Since: nonsense", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 PST",
                "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 +00", "If-Modified-Since: Fri, 01 Jan 2100 00-00-00 GMT",
                "If-Modified-Since: Fri, 01-Jan-2100 00:00:00 GMT", "If-Modified-Since: Fri, 31 Feb 2100 00:00:00 GMT",
                "If-Modified-Since: Friday, 01-Jan-30 00:00:00 PST", "If-Modified-Since: Fri Jan  1 00:00:00x2100",
                "If-Modified-Since: Friday, 01-Jan-95 00:00:00 GMT", // the obsolete format of RFC 850
                "If-Modified-Since: Thu, 29 Feb 2024 12:34:5x GMT", "If-Match: *",
                "If-Match: \"x\", " + tag, "If-Unmodified-Since: " + DATE, "If-Unmodified-Since: nonsense")) {
            assertEquals(200, served.get("/a.txt", header).status(), header);
        }
    }

    @Test
    void aFailedConditionIsReported() throws IOException {
        String tag = served.get("/a.txt").header("ETag");
        for (String header : List.of("If-Match: \"x\"", "If-Match: W/" + tag,
                "If-Unmodified-Since: Thu, 29 Feb 2024 12:34:55 GMT")) {
            assertEquals(412, served.get("/a.txt", header).status(), header);
        }
    }

    // ---- repeated headers

    @Test
    void tagsInSeveralLinesAreOneList() throws IOException {
        String tag = served.get("/a.txt").header("ETag");
        for (List<String> tags : List.of(List.of(tag, "\"x\""), List.of("\"x\"", tag),
                List.of("\"x\"", "\"y\", " + tag, "\"z\""), List.of("\"x\"", "", "*"))) {
            assertEquals(304, served.get("/a.txt", lines("If-None-Match", tags)).status(), tags::toString);
            assertEquals(200, served.get("/a.txt", lines("If-Match", tags)).status(), tags::toString);
        }
        List<String> others = List.of("\"x\"", "\"y\"", "\"z\"");
        assertEquals(200, served.get("/a.txt", lines("If-None-Match", others)).status());
        assertEquals(412, served.get("/a.txt", lines("If-Match", others)).status());
    }

    private static String[] lines(String name, List<String> values) {
        return values.stream().map(value -> name + ": " + value).toArray(String[]::new);
    }

    /** The headers of one request do not affect the next one. */
    @Test
    void headersOfAnEarlierRequestAreDiscarded() throws IOException {
        String tag = served.get("/a.txt").header("ETag");
        try (Client client = served.client()) {
            String two = "GET /a.txt HTTP/1.1\r\nIf-None-Match: \"x\"\r\nIf-None-Match: " + tag + "\r\n";
            String one = "GET /a.txt HTTP/1.1\r\nIf-None-Match: \"x\"\r\n";
            for (int i = 0; i < 2; i++) {
                assertEquals(304, client.ask(two).status());
                assertEquals(200, client.ask(one).status());
            }
            assertEquals(200, client.ask("GET /a.txt HTTP/1.1\r\nRange: bytes=1-2\r\nRange: bytes=1-2\r\n").status());
            assertEquals(206, client.ask("GET /a.txt HTTP/1.1\r\nRange: bytes=1-2\r\n").status());
        }
    }

    @Test
    void headersThatAreNotListsMayNotBeRepeated() throws IOException {
        String tag = served.get("/a.txt").header("ETag");
        String past = "Thu, 29 Feb 2024 12:34:55 GMT";
        for (String[] headers : new String[][] {
            {"Range: bytes=1-2", "Range: bytes=1-2"}, {"Range: bytes=1-2", "X: y", "range: bytes=4-5"},
            {"Range: bytes=1-2", "If-Range: " + tag, "If-Range: " + tag},
            {"If-Modified-Since: " + DATE, "If-Modified-Since: " + DATE},
            {"If-Unmodified-Since: " + past, "If-Unmodified-Since: " + past}}) {
            assertEquals(200, served.get("/a.txt", headers).status(), String.join("; ", headers));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "100-continue|200", "100-Continue|200", "''|200", "100-continue, 100-continue|200", " , 100-continue ,|200",
        "100-contin|417", "100-continue2|417", "something|417", "a=b;c|417", "100-continue, x|417",
        "x,100-continue|417"})
    void onlyContinueCanBeExpected(String expected, int status) throws IOException {
        try (Client client = served.client()) {
            for (int i = 0; i < 2; i++) {
                Response a = client.ask("GET /a.txt HTTP/1.1\r\nExpect: " + expected + "\r\n");
                assertEquals(status, a.status());
                assertNull(a.header("Connection"), "it is kept");
            }
            assertEquals(status, client.ask("GET /a.txt HTTP/1.1\r\nExpect: 100-continue\r\nExpect: " + expected
                + "\r\n").status());
            assertEquals(200, client.ask("GET /a.txt HTTP/1.0\r\nExpect: " + expected + "\r\n").status());
        }
    }
}
