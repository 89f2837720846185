package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.panamio.examples.log.LogFile;
import io.panamio.examples.serve.Settings;
import io.panamio.test.programs.Served.Client;
import io.panamio.test.support.Behaviour;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Once warm, the example {@code serve} allocates nothing for a request, even while it logs. */
class ServeAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ROUNDS = Behaviour.TRANSFERS_ARE_SLOW.isHere() ? 500 : 5000;
    private static final int TURNS = 40;
    private static final long FEW = ROUNDS * 16 / 5; // less than one object in five rounds

    @TempDir
    private Path folder;
    private LogFile log;
    private Served served;

    @BeforeEach
    void serve() throws IOException {
        Behaviour.SERVE_OPENS_FILES_ITSELF.require();
        Path www = Files.createDirectories(folder.resolve("www"));
        Files.write(www.resolve("small"), new byte[1024]);
        Files.write(www.resolve("large"), new byte[100 * 1024]);
        Settings settings = new Settings(www);
        log = LogFile.of(folder.resolve("log"));
        settings.log = log;
        if (!Behaviour.NUMBERS_ARE_LINUXS.isHere()) {
            settings.validTime = Duration.ofHours(1); // JdkFiles allocates when it checks a file
        }
        served = new Served(settings);
    }

    @AfterEach
    void stop() throws IOException {
        if (served != null) {
            served.close();
            log.close();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"GET /small||1", "GET /small||16", "GET /large||1", "HEAD /large||1",
        "GET /small|If-None-Match: *|1", "GET /small|If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT|1",
        "GET /small|Range: bytes=1-100|1", "GET /large|Range: bytes=-70000|1", "GET /missing||1", "POST /small||1",
        "GET /./%73mall?x||1", "GET /%||1", "M-SEARCH /small||1"})
    void aRequestAllocatesNothing(String line, String header, int together) throws IOException {
        String request = line + " HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\n" + (header == null ? "" : header + "\r\n")
            + "\r\n";
        try (Client client = served.client()) {
            int size = client.send(request + "GET /end HTTP/1.0\r\n\r\n").socket.getInputStream().readAllBytes().length;
            size -= end();
            byte[] requests = request.repeat(together).getBytes(StandardCharsets.US_ASCII);
            try (Client measured = served.client()) {
                long bytes = Long.MAX_VALUE;
                for (int i = 0; i < TURNS && bytes > FEW; i++) {
                    bytes = allocated(measured, requests, size * together);
                }
                assertTrue(bytes <= FEW, bytes + " bytes allocated in " + ROUNDS + " rounds");
            }
        }
    }

    private int end() throws IOException {
        try (Client client = served.client()) {
            return client.send("GET /end HTTP/1.0\r\n\r\n").socket.getInputStream().readAllBytes().length;
        }
    }

    private long allocated(Client client, byte[] requests, int responses) throws IOException {
        InputStream in = client.socket.getInputStream();
        byte[] buffer = new byte[256 * 1024];
        long before = THREADS.getThreadAllocatedBytes(served.thread.threadId());
        for (int i = 0; i < ROUNDS; i++) {
            client.socket.getOutputStream().write(requests);
            for (int left = responses; left > 0;) {
                left -= in.read(buffer, 0, Math.min(buffer.length, left));
            }
        }
        return THREADS.getThreadAllocatedBytes(served.thread.threadId()) - before;
    }
}
