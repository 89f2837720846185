package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.examples.serve.Settings;
import io.panamio.test.programs.Served.Response;
import io.panamio.test.programs.Served.Client;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Programs;
import io.panamio.test.support.RingMappings;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The example {@code serve} over time: timeouts, changes of files, limits, and its end. */
class ServeLifeTest {
    private static final Duration SOON = Loop.LONG.dividedBy(120); // half a second; more under qemu
    private static final int LARGE = 20_000_000;

    @TempDir
    private Path folder;
    private Settings settings;
    private Path small;
    private Path large;

    @BeforeEach
    void prepare() throws IOException {
        small = Files.writeString(folder.resolve("a.txt"), "small");
        large = folder.resolve("large.bin");
        byte[] bytes = new byte[LARGE];
        new Random(1).nextBytes(bytes);
        Files.write(large, bytes);
        settings = new Settings(folder);
    }

    private static void sendRequest(Client client, String path) throws IOException {
        client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    // ---- timeouts

    @Test
    void aSlowRequestTimesOutWithAResponse() throws IOException {
        settings.requestTime = SOON;
        try (Served served = new Served(settings); Client client = served.client()) {
            assertEquals("small", client.ask("GET /a.txt HTTP/1.1\r\n").text());
            client.send("GET /a.txt HTTP/1.1\r\nX: y");
            Response a = client.response();
            assertEquals(408, a.status());
            assertEquals("close", a.header("Connection"));
            client.expectEnd();
        }
    }

    @Test
    void occasionalBytesDoNotExtendASlowRequest() throws IOException {
        settings.requestTime = SOON;
        try (Served served = new Served(settings); Client client = served.client()) {
            client.send("GET /a.txt HTTP/1.1\r\nX: ");
            Loop.until("refused", () -> {
                client.send("y");
                Thread.onSpinWait();
                return client.socket.getInputStream().available() > 0;
            });
            int status = client.response().status();
            assertTrue(status == 408 || status == 431, "status " + status); // whichever limit is reached first
        }
    }

    @Test
    void anIdleConnectionIsClosedWithoutAResponse() throws IOException {
        settings.idleTime = SOON;
        settings.requestTime = SOON;
        try (Served served = new Served(settings); Client silent = served.client(); Client idle = served.client();
             Client body = served.client()) {
            assertEquals("small", idle.ask("GET /a.txt HTTP/1.1\r\n").text());
            assertEquals("small", body.ask("GET /a.txt HTTP/1.1\r\nContent-Length: 5\r\n").text());
            silent.expectEnd();
            idle.expectEnd();
            body.expectEnd();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 4\r\n|ab|cd", "Transfer-Encoding: chunked\r\n|2\r\nab\r\n|0\r\n\r\n"})
    void timeOfARequestEndsWithABodyInTwoPieces(String request) throws IOException {
        settings.requestTime = SOON;
        settings.idleTime = Loop.LONG;
        String[] parts = request.split("\\|");
        try (Served served = new Served(settings); Client client = served.client()) {
            assertEquals("small", client.ask("GET /a.txt HTTP/1.1\r\n" + parts[0]).text());
            client.send(parts[1]);
            try (Client another = served.client()) { // so that the pieces are read one by one
                assertEquals("small", another.ask("GET /a.txt HTTP/1.1\r\n").text());
            }
            client.send(parts[2]);
            try (Client silent = served.client()) {
                silent.expectEnd(); // after the timeout of a request, which began later
            }
            assertEquals("small", client.ask("GET /a.txt HTTP/1.1\r\n").text());
        }
    }

    @Test
    void aClientThatReadsNothingIsDisconnected() throws IOException {
        settings.sendTime = SOON;
        NativeFds.Opened opened = new NativeFds.Opened();
        try (Served served = new Served(settings); Client client = served.client()) {
            sendRequest(client, "/large.bin");
            Loop.until("begun", () -> client.socket.getInputStream().available() > 0);
            int serving = opened.count();
            Loop.until("cut off", () -> opened.count() < serving);
            assertThrows(IOException.class, client::response);
        }
    }

    @Test
    void timeOutRestartsForEachRequest() throws IOException {
        settings.requestTime = SOON;
        settings.idleTime = Loop.LONG;
        try (Served served = new Served(settings); Client client = served.client()) {
            long end = System.nanoTime() + 2 * SOON.toNanos();
            while (System.nanoTime() < end) {
                assertEquals("small", client.ask("GET /a.txt HTTP/1.1\r\n").text());
            }
        }
    }

    // ---- changes of files

    @Test
    void changesAreServedAfterTheCacheTime() throws IOException {
        settings.validTime = Duration.ZERO;
        try (Served served = new Served(settings)) {
            assertEquals("small", served.get("/a.txt").text());
            Files.writeString(small, "another");
            assertEquals("another", served.get("/a.txt").text());
            Files.writeString(folder.resolve("new"), "replaced");
            Files.move(folder.resolve("new"), small, StandardCopyOption.REPLACE_EXISTING);
            assertEquals("replaced", served.get("/a.txt").text());
            Files.delete(small);
            assertEquals(404, served.get("/a.txt").status());
            Files.createDirectories(small);
            assertEquals(301, served.get("/a.txt").status());
            assertEquals(200, served.get("/a.txt/").status());
            Files.writeString(small.resolve("index.html"), "index");
            assertEquals("index", served.get("/a.txt/").text());
            Files.write(large, new byte[5]);
            assertEquals(5, served.get("/large.bin").content().length);
        }
    }

    @Test
    void changesAreNotServedWithinTheCacheTime() throws IOException {
        settings.validTime = Duration.ofHours(1);
        try (Served served = new Served(settings)) {
            byte[] before = served.get("/large.bin").content();
            assertEquals("small", served.get("/a.txt").text());
            assertEquals(404, served.get("/new").status());
            Files.delete(small);
            Files.delete(large);
            Files.writeString(folder.resolve("new"), "new");
            assertEquals("small", served.get("/a.txt").text());
            assertArrayEquals(before, served.get("/large.bin").content());
            assertEquals(404, served.get("/new").status());
        }
    }

    @Test
    void fileThatIsTruncatedWhileItIsSentEndsTheConnection() throws IOException {
        settings.validTime = Duration.ZERO;
        try (Served served = new Served(settings); Client client = served.client()) {
            sendRequest(client, "/large.bin");
            assertEquals('H', client.read());
            try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
                file.setLength(100);
            }
            assertTrue(client.drain() < LARGE);
            assertEquals(100, served.get("/large.bin").content().length);
        }
    }

    @Test
    void fileThatIsDeletedWhileItIsSentIsSentToItsEnd() throws IOException {
        settings.validTime = Duration.ZERO;
        try (Served served = new Served(settings); Client client = served.client()) {
            byte[] expected = Files.readAllBytes(large);
            sendRequest(client, "/large.bin");
            Loop.until("begun", () -> client.socket.getInputStream().available() > 0);
            Files.delete(large);
            if (!Behaviour.DELETED_FILES_STAY_WHILE_OPEN.isHere()) {
                assertEquals(404, served.get("/large.bin").status());
            }
            assertArrayEquals(expected, client.response().content());
        }
    }

    @Test
    void filesBeyondTheCacheLimitsAreStillServed() throws IOException {
        settings.openFiles = 2;
        settings.cacheBytes = 10_000;
        settings.smallFile = 4096;
        List<Client> clients = new ArrayList<>();
        try (Served served = new Served(settings)) {
            for (int i = 0; i < 10; i++) {
                Files.write(folder.resolve("s" + i), new byte[3000 + i]);
                Files.write(folder.resolve("l" + i), new byte[LARGE + i]);
            }
            NativeFds.Opened opened = new NativeFds.Opened(folder);
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 10; i++) {
                    assertEquals(3000 + i, served.get("/s" + i).content().length);
                }
            }
            for (int i = 0; i < 10; i++) { // all at the same time: files that are being sent stay open
                clients.add(served.client());
                sendRequest(clients.get(i), "/l" + i);
                Loop.until("begun", () -> clients.getLast().socket.getInputStream().available() > 0);
            }
            for (int i = 0; i < 10; i++) {
                assertEquals(LARGE + i, clients.get(i).response().content().length);
                clients.get(i).close();
            }
            Loop.until("closed", () -> opened.count() <= 2);
        }
    }

    // ---- limits and the end

    @Test
    void connectionsBeyondTheLimitWait() throws IOException {
        settings.connections = 2;
        try (Served served = new Served(settings); Client a = served.client(); Client b = served.client()) {
            assertEquals("small", a.ask("GET /a.txt HTTP/1.1\r\n").text());
            assertEquals("small", b.ask("GET /a.txt HTTP/1.1\r\n").text());
            try (Client c = served.client()) {
                sendRequest(c, "/a.txt");
                assertEquals("small", a.ask("GET /a.txt HTTP/1.1\r\n").text());
                assertEquals(0, c.socket.getInputStream().available());
                a.socket.close();
                assertEquals("small", c.response().text());
            }
        }
    }

    @Test
    void responsesInProgressAreSentBeforeTheEnd() throws IOException {
        try (Served served = new Served(settings); Client idle = served.client(); Client busy = served.client()) {
            assertEquals("small", idle.ask("GET /a.txt HTTP/1.1\r\n").text());
            sendRequest(busy, "/large.bin");
            sendRequest(busy, "/a.txt");
            Loop.until("begun", () -> busy.socket.getInputStream().available() > 0);
            served.loop.stop();
            idle.expectEnd();
            assertThrows(IOException.class, () -> served.client().ask("GET /a.txt HTTP/1.1\r\n"));
            assertEquals(LARGE, busy.response().content().length);
            assertEquals("close", busy.response().header("Connection"));
            busy.expectEnd();
        }
    }

    @Test
    void connectionEndsWithTheResponseThatWasBeingSent() throws IOException {
        try (Served served = new Served(settings); Client busy = served.client()) {
            sendRequest(busy, "/large.bin");
            Loop.until("begun", () -> busy.socket.getInputStream().available() > 0);
            served.loop.stop();
            Loop.until("refused", () -> isRefused(served));
            assertEquals(LARGE, busy.response().content().length);
            busy.expectEnd();
        }
    }

    private static boolean isRefused(Served served) {
        try (Client client = served.client()) {
            client.socket.getPort();
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void gracePeriodEnds() throws IOException {
        settings.graceTime = SOON;
        try (Served served = new Served(settings); Client busy = served.client()) {
            sendRequest(busy, "/large.bin");
            Loop.until("begun", () -> busy.socket.getInputStream().available() > 0);
            served.loop.stop();
            Loop.until("ended", () -> !served.thread.isAlive());
            assertThrows(EOFException.class, busy::response);
        }
    }

    @Test
    void vanishedClientsLeakNothing() throws IOException {
        NativeFds.Opened opened = new NativeFds.Opened(folder);
        try (Served served = new Served(settings)) {
            int running = opened.count();
            for (int i = 0; i < 100; i++) {
                Client client = served.client();
                sendRequest(client, "/large.bin");
                sendRequest(client, "/a.txt");
                client.send("GET /a");
                if (i % 2 == 0) {
                    assertEquals('H', client.read());
                    client.socket.setSoLinger(true, 0); // a reset
                }
                client.close();
            }
            Loop.until("closed", () -> opened.count() <= running + 1); // plus the large file
            assertEquals("small", served.get("/a.txt").text());
        }
        opened.expect(0);
    }

    /** Connections that wait for a request share a few spare rings, however many there are. */
    @Test
    void connectionsWithoutARequestHaveNoRing() throws IOException {
        Programs.requireFile("/proc/self/maps");
        settings.requestTime = Loop.LONG;
        Set<String> before = RingMappings.all(); // an earlier test's may be unmapped at any time
        List<Client> clients = new ArrayList<>();
        try (Served served = new Served(settings)) {
            for (int i = 0; i < 100; i++) {
                clients.add(served.client());
                assertEquals("small", clients.getLast().ask("GET /a.txt HTTP/1.1\r\n").text());
            }
            assertEquals(2, RingMappings.countSince(before));
            for (Client client : clients) {
                client.send("GET /a.txt HTTP/1.1\r\n");
            }
            Loop.until("a ring for each request", () -> RingMappings.countSince(before) == 2 * 100);
            for (Client client : clients) {
                assertEquals("small", client.ask("").text());
            }
            Loop.until("only spare rings are left", () -> RingMappings.countSince(before) <= 2 * 64);
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }
}
