package io.panamio.test.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.programs.Served.Response;
import io.panamio.test.programs.Served.Client;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.NativeFds;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example {@code serve} with real clients: curl, wrk, ab and h2load, if installed. */
class ServeProgramsTest {
    private static final int LARGE = 5_000_000;

    @TempDir
    private Path folder;
    private Path www;
    private Served served;
    private byte[] large;

    @BeforeEach
    void serve() throws IOException {
        www = Files.createDirectories(folder.resolve("www"));
        large = new byte[LARGE];
        new Random(1).nextBytes(large);
        Files.write(www.resolve("small"), new byte[1024]);
        Files.write(www.resolve("large"), large);
        served = new Served(www);
    }

    @AfterEach
    void stop() {
        served.close();
    }

    /** {@return the output of a program, which must succeed} */
    private String run(String... command) throws IOException, InterruptedException {
        MissingPrograms.require(command[0]);
        File out = Files.createTempFile(folder, "out", "").toFile();
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
            .redirectOutput(out).start();
        try {
            assertTrue(process.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS), "it hangs: " + List.of(command));
            String output = Files.readString(out.toPath());
            assertEquals(0, process.exitValue(), output);
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    // ---- curl

    @Test
    void curlGetsRangesAndResumes() throws Exception {
        run("curl", "-sf", "-r", "1000-1999", "-o", "part", served.url("/large"));
        assertArrayEquals(Arrays.copyOfRange(large, 1000, 2000), Files.readAllBytes(folder.resolve("part")));
        run("curl", "-sf", "-r", "-10", "-o", "part", served.url("/large"));
        assertArrayEquals(Arrays.copyOfRange(large, LARGE - 10, LARGE), Files.readAllBytes(folder.resolve("part")));
        Files.write(folder.resolve("resumed"), Arrays.copyOf(large, 1_234_567));
        run("curl", "-sf", "-C", "-", "-o", "resumed", served.url("/large"));
        assertArrayEquals(large, Files.readAllBytes(folder.resolve("resumed")));
    }

    @Test
    void curlKeepsItsConnection() throws Exception {
        String[] command = new String[13];
        Arrays.fill(command, served.url("/small"));
        command[0] = "curl";
        command[1] = "-sfv";
        command[2] = "--no-progress-meter";
        String output = run(command);
        assertEquals(9, output.split("Re-using existing connection", -1).length - 1, output);
    }

    @Test
    void curlGetsOnlyChangedFiles() throws Exception {
        run("curl", "-sf", "--etag-save", "tag", "-o", "first", served.url("/large"));
        String output = run("curl", "-sf", "--etag-compare", "tag", "-o", "second", "-w", "%{http_code}",
            served.url("/large"));
        assertEquals("304", output);
        output = run("curl", "-sf", "-z", "first", "-o", "second", "-w", "%{http_code}", served.url("/large"));
        assertEquals("304", output);
    }

    @Test
    void aHundredConcurrentCurlsAreServed() throws Exception {
        StringBuilder config = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            config.append("url = \"").append(served.url(i % 2 == 0 ? "/large" : "/small")).append("\"\noutput = \"p")
                .append(i).append("\"\n");
        }
        Files.writeString(folder.resolve("config"), config);
        run("curl", "-sf", "--parallel", "--parallel-immediate", "--parallel-max", "100", "-K", "config");
        for (int i = 0; i < 100; i++) {
            assertArrayEquals(i % 2 == 0 ? large : new byte[1024], Files.readAllBytes(folder.resolve("p" + i)));
        }
    }

    @Test
    @Tag("any-selector")
    void fileOf5GigabytesArrivesUnchanged() throws Exception {
        Behaviour.TRANSFERS_ARE_SLOW.skip();
        long size = 5_000_000_000L;
        long[] marks = {0, 2_147_483_640L, 4_294_967_290L, size - 8};
        Path memory = Path.of("/dev/shm"); // a file system whose holes can be read without filling the page cache
        Path there = Files.createTempDirectory(Files.isWritable(memory) ? memory : folder, "panamio");
        Path sparse = there.resolve("sparse");
        try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
            file.setLength(size);
            for (long at : marks) {
                file.seek(at);
                file.writeLong(at + 1);
            }
        }
        try (Served much = new Served(there)) {
            compare(much, size, marks);
        } finally {
            Files.delete(sparse);
            Files.delete(there);
        }
    }

    /** Downloads the sparse file, which is all zeros except for some numbers, and then a part of it. */
    private static void compare(Served served, long size, long... marks) throws IOException {
        try (Client client = served.client()) {
            InputStream in = client.socket.getInputStream();
            client.send("GET /sparse HTTP/1.0\r\n\r\n");
            byte[] got = new byte[1 << 20];
            byte[] expected = new byte[got.length];
            for (int newlines = 0; newlines < 2;) {
                int b = in.read();
                newlines = b == '\n' ? newlines + 1 : b == '\r' ? newlines : 0;
            }
            long all = 0;
            for (int n; (n = in.read(got, 0, (int) Math.min(got.length, size - all))) > 0; all += n) {
                for (long at : marks) {
                    for (long p = Math.max(at, all); p < Math.min(at + 8, all + n); p++) {
                        expected[(int) (p - all)] = (byte) (at + 1 >>> 8 * (7 - (p - at)));
                    }
                }
                assertTrue(Arrays.equals(got, 0, n, expected, 0, n), "another byte after " + all);
                for (long at : marks) {
                    if (at + 8 > all && at < all + n) {
                        Arrays.fill(expected, (byte) 0);
                    }
                }
            }
            assertEquals(size, all);
        }
        try (Client client = served.client()) {
            Response end = client.ask("GET /sparse HTTP/1.1\r\nRange: bytes=4294967290-4294967297\r\n");
            assertEquals("bytes 4294967290-4294967297/5000000000", end.header("Content-Range"));
            assertEquals(4_294_967_291L, ByteBuffer.wrap(end.content()).getLong());
        }
    }

    @Test
    @Tag("any-selector")
    void tenThousandFilesArriveUnchanged() throws Exception {
        MissingPrograms.require("curl");
        int count = 10_000;
        StringBuilder config = new StringBuilder("create-dirs\n");
        Random random = new Random(4);
        MessageDigest expected = MessageDigest.getInstance("SHA-256");
        for (int i = 0; i < count; i++) {
            byte[] content = new byte[random.nextInt(2000) + (i % 500 == 0 ? 100_000 : 0)];
            random.nextBytes(content);
            Path directory = Files.createDirectories(www.resolve("d" + i % 100));
            Files.write(directory.resolve("f" + i), content);
            expected.update(content);
            config.append("url = \"").append(served.url("/d" + i % 100 + "/f" + i)).append("\"\n");
        }
        Files.writeString(folder.resolve("config"), config);
        Process curl = new ProcessBuilder("curl", "-sf", "-K", folder.resolve("config").toString()).start();
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] buffer = new byte[1 << 16];
        for (int n; (n = curl.getInputStream().read(buffer)) > 0;) {
            digest.update(buffer, 0, n);
        }
        assertEquals(0, curl.waitFor());
        assertArrayEquals(expected.digest(), digest.digest());
    }

    @Test
    void killedClientsLeakNothing() throws Exception {
        MissingPrograms.require("curl");
        NativeFds.Opened opened = new NativeFds.Opened(folder);
        try (RandomAccessFile file = new RandomAccessFile(www.resolve("sparse").toFile(), "rw")) {
            file.setLength(50_000_000_000L);
        }
        List<Process> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            clients.add(new ProcessBuilder("curl", "-sf", served.url("/sparse"))
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
        }
        Loop.until("served", () -> opened.count() >= 11);
        for (Process client : clients) {
            client.destroyForcibly();
        }
        for (Process client : clients) {
            client.waitFor();
        }
        Loop.until("closed", () -> opened.count() <= 1); // the file
        assertArrayEquals(large, served.get("/large").content());
    }

    // ---- load

    @Test
    void wrkReportsNoErrors() throws Exception {
        for (String path : List.of("/small", "/large", "/missing")) {
            String output = run("wrk", "--timeout", "60s", "-t1", "-c32", "-d1s", served.url(path));
            assertEquals(path.equals("/missing"), output.contains("Non-2xx"), output);
            assertTrue(!output.contains("Socket errors") && !output.contains("\n  0 requests in"), output);
        }
    }

    @Test
    void wrkReportsNoErrorsWhenItPipelines() throws Exception {
        Path script = Files.writeString(folder.resolve("pipeline.lua"), """
            init = function(args)
              local r = {}
              for i = 1, 16 do
                r[i] = wrk.format(nil, i % 16 == 0 and "/large" or "/small", {["Range"] = "bytes=0-99999"})
              end
              req = table.concat(r)
            end
            request = function() return req end
            """, UTF_8);
        String output = run("wrk", "--timeout", "60s", "-t1", "-c32", "-d1s", "-s", script.toString(), served.url("/"));
        assertTrue(!output.contains("Socket errors") && !output.contains("Non-2xx"), output);
    }

    @Test
    void abReportsNoErrors() throws Exception {
        for (List<String> options : List.of(List.of("-k"), List.of("-n", "2000"))) {
            List<String> command = new ArrayList<>(List.of("ab", "-q", "-n", "20000", "-c", "32"));
            command.addAll(options);
            command.add(served.url("/small"));
            String output = run(command.toArray(String[]::new));
            assertTrue(output.contains("Failed requests:        0"), output);
            assertTrue(!output.contains("Non-2xx"), output);
            assertEquals(options.contains("-k"), output.contains("Keep-Alive requests:    20000"), output);
        }
    }

    @Test
    void h2loadReportsNoErrors() throws Exception {
        for (String path : List.of("/small", "/large")) {
            int n = path.equals("/small") ? 20_000 : 200;
            String output = run("h2load", "--h1", "-n" + n, "-c32", "-m8", served.url(path));
            assertTrue(output.contains(n + " succeeded, 0 failed, 0 errored, 0 timeout"), output);
        }
    }

    @Test
    void slowCurlGetsTheWholeFile() throws Exception {
        run("curl", "-sf", "--limit-rate", "20M", "-o", "slowly", served.url("/large"));
        assertArrayEquals(large, Files.readAllBytes(folder.resolve("slowly")));
    }
}
