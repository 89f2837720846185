package io.panamio.test.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.http.Rfc9112.Extent;
import io.panamio.test.http.Rfc9112.Message;
import io.panamio.test.http.Rfc9112.Problem;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Trend;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Generated requests for {@code serve} and {@code proxy}. {@code -Dpanamio.test.http=1000000} judges as many answers, a
 * tenth as many beside nginx, and has 2000 slow clients.
 */
class HttpTest {
    private static final long ANSWERS = Long.getLong("panamio.test.http", 3000);
    private static final boolean LONG = ANSWERS >= 100_000;

    private final List<Double> heap = new ArrayList<>();
    private final List<Double> resident = new ArrayList<>();
    @TempDir
    private Path folder;

    @Test
    void everyAnswerIsWhatTwoParsersExpect() throws Exception {
        try (Servers servers = new Servers(folder)) {
            Judge judge = new Judge(servers.files);
            Fuzz fuzz = new Fuzz(servers, judge, 0);
            for (Thread thread : fuzz.start(2, ANSWERS)) {
                while (!thread.join(Duration.ofMillis(200))) {
                    if (judge.answers.sum() * 100 / ANSWERS >= heap.size()) {
                        sample();
                    }
                }
            }
            fuzz.check();
            String figures = judge.answers + " answers on " + fuzz.connections() + " connections, " + judge.refusals
                + " of them refusals; read differently by HttpCore:\n" + judge.table();
            assertEquals(Set.of(), judge.unexplained(), figures);
            assertTrue(judge.refusals.sum() > ANSWERS / 30, figures);
            if (LONG) {
                System.out.println(figures + "\nheap in KiB: " + trend(heap) + "\nresident in KiB: " + trend(resident));
                assertFalse(trend(heap).rises(256) || trend(resident).rises(4096), "memory grows");
            }
        }
    }

    private void sample() throws IOException {
        System.gc();
        heap.add(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1024.0);
        resident.add(Proc.has("self/statm") ? Proc.residentBytes() / 1024.0 : 0);
    }

    private static Trend trend(List<Double> samples) {
        return Trend.of(samples.stream().mapToDouble(x -> x).toArray());
    }

    @Test
    @Tag("any-selector")
    void answersToValidRequestsAreThoseOfNginx() throws Exception {
        MissingPrograms.require("nginx");
        Path root = Files.createDirectories(folder.resolve("www"));
        try (Servers servers = new Servers(root); Nginx nginx = new Nginx(servers, root, folder, 1)) {
            nginx.compare((int) Math.max(2000, ANSWERS / 10));
        }
    }

    @Test
    void slowClientsGetTheirFile() throws Exception {
        Behaviour.TRANSFERS_ARE_SLOW.skip();
        int[] others = new int[1];
        try (Servers servers = new Servers(folder)) {
            new Slow(LONG ? 2000 : 200).run(servers, () -> others[0] += Slow.get(servers.serve.address()));
        }
        assertTrue(others[0] > 50);
    }

    // ---- the parser itself

    private static Message parse(String text) {
        List<Message> all = Rfc9112.parse(text.getBytes(ISO_8859_1));
        return all.isEmpty() ? null : all.getFirst();
    }

    @Test
    @Tag("any-platform")
    void theParserFindsTheEndOfARequest() {
        for (String request : List.of("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\nGET / HTTP/1.0\n\n",
                "POST / HTTP/1.1\r\nHost:\r\nContent-Length: 3\r\n\r\nabc",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n")) {
            Message m = parse(request + "GET / HTTP/1.1\r\n");
            assertEquals(Set.of(), m.problems, request);
            assertEquals(Extent.COMPLETE, m.extent, request);
            assertEquals(request.length(), m.end, request);
        }
    }

    @Test
    @Tag("any-platform")
    void theParserNamesTheProblem() {
        String begin = "GET / HTTP/1.1\r\nHost: h\r\n";
        assertEquals(Set.of(Problem.TRANSFER_ENCODING),
            parse(begin + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n").problems);
        assertEquals(Set.of(Problem.FOLDED_LINE), parse(begin + " x\r\n\r\n").problems);
        assertEquals(Set.of(Problem.CONTROL_CHARACTER), parse(begin + "X: \r\r\n\r\n").problems);
        assertEquals(Set.of(Problem.CONTENT_LENGTH), parse(begin + "Content-Length: +1\r\n\r\n").problems);
        assertEquals(Set.of(Problem.UNKNOWN_CODING), parse(begin + "Transfer-Encoding: gzip\r\n\r\n").problems);
        assertEquals(Set.of(Problem.HOST), parse("GET / HTTP/1.1\r\n\r\n").problems);
        assertEquals(Set.of(Problem.VERSION), parse("GET / HTTP/2.0\r\nHost: h\r\n\r\n").problems);
        assertEquals(Problem.CHUNK, parse(begin + "Transfer-Encoding: chunked\r\n\r\n3\nabc").inBody);
        assertEquals(null, parse("\r\n"));
    }
}
