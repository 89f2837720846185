package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.serve.Settings;
import io.panamio.examples.serve.files.JdkFiles;
import io.panamio.test.programs.Served.Response;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example {@code serve} with {@code JdkFiles}, as on systems without an implementation of their own. */
class ServeWithJdkFilesTest {
    private static final int LARGE = 3_000_000;

    @TempDir
    private Path directory;
    private Path folder;
    private byte[] large;
    private Served served;

    @BeforeEach
    void serve() throws IOException {
        folder = Files.createDirectories(directory.resolve("www"));
        Files.writeString(folder.resolve("a.txt"), "small");
        Files.writeString(directory.resolve("secret"), "outside");
        large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(folder.resolve("large"), large);
        Settings settings = new Settings(folder);
        settings.files = JdkFiles::new;
        settings.validTime = Duration.ZERO;
        served = new Served(settings);
    }

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void filesAreServed() throws IOException {
        assertEquals("small", served.get("/a.txt").text());
        assertArrayEquals(large, served.get("/large").content());
        assertEquals("mal", served.get("/a.txt", "Range: bytes=1-3").text());
        assertEquals(304, served.get("/a.txt", "If-None-Match: " + served.get("/a.txt").header("ETag")).status());
        assertEquals(404, served.get("/nothing").status());
        assertEquals(404, served.get("/a.txt/below").status());
        assertEquals(404, served.get("/a.txt/").status());
    }

    @Test
    void changedFileIsReadAgain() throws IOException {
        assertEquals("small", served.get("/a.txt").text());
        Files.writeString(folder.resolve("a.txt"), "larger");
        assertEquals("larger", served.get("/a.txt").text());
        Files.delete(folder.resolve("a.txt"));
        assertEquals(404, served.get("/a.txt").status());
    }

    @Test
    void linksOutOfTheDirectoryAreNotFollowed() throws IOException {
        Served.link(folder.resolve("out"), directory.resolve("secret"));
        Served.link(folder.resolve("up"), directory);
        Served.link(folder.resolve("in"), Path.of("a.txt"));
        Served.link(folder.resolve("circle"), Path.of("circle"));
        assertEquals(403, served.get("/out").status());
        assertEquals(403, served.get("/up/secret").status());
        assertEquals(404, served.get("/circle").status());
        assertEquals("small", served.get("/in").text());
    }

    @Test
    void directoryIsListed() throws IOException {
        Files.createDirectory(folder.resolve("sub"));
        Files.createDirectory(folder.resolve(Path.of(URI.create("file:///n%FF%20%C3%A4")).getFileName()));
        Served.link(folder.resolve("out"), directory.resolve("secret"));
        Response page = served.get("/");
        assertEquals(200, page.status());
        assertTrue(page.text().contains("<a href=\"./sub/\">sub/</a>"), page.text());
        assertTrue(page.text().contains("<a href=\"./n%FF%20%C3%A4/\">"), page.text());
        assertTrue(page.text().contains("<a href=\"./out\">out</a></td><td align=\"right\">-<"), page.text());
        assertTrue(page.text().contains("<td align=\"right\">5<"), page.text());
        assertFalse(page.text().contains("outside"), page.text());
        assertEquals(301, served.get("/sub").status());
        assertEquals(200, served.get("/n%FF%20%C3%A4/").status());
        Files.writeString(folder.resolve("index.html"), "the index");
        assertEquals("the index", served.get("/").text());
    }
}
