package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.examples.proxy.Proxy;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Proxying;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Help;

/** The example proxy as a program: its signals and errors, with real servers and clients on both sides. */
@Tag("any-selector")
class ProxyProgramsTest {
    private static final long LARGE = 100L << 20;

    @TempDir
    private Path directory;

    /** A proxy and the port that it listens on. */
    private record Running(Program program, int port) {
        /** Requests the statistics by a signal, and returns them. */
        String report() throws IOException {
            int before = program.output().length();
            program.signal("USR1");
            Loop.until("reported", () -> program.output().indexOf("idle pipes", before) >= 0);
            return program.output().substring(before);
        }

        /** Stops the proxy gracefully, and returns the statistics. */
        String stop() throws IOException {
            program.signal("TERM");
            assertEquals(0, program.end(), program.output());
            return program.output().substring(program.output().lastIndexOf("connections "));
        }

        long descriptors() throws IOException {
            try (Stream<Path> fds = Files.list(Path.of("/proc", Long.toString(program.process().pid()), "fd"))) {
                return fds.count();
            }
        }
    }

    private static Running proxy(Programs programs, int to, String... more) throws IOException {
        Program program = programs.example(Stream.concat(
            Stream.of("proxy", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:" + to), Stream.of(more))
            .toArray(String[]::new));
        program.awaitOutput("proxy on ");
        program.awaitOutput("\n");
        Matcher m = Pattern.compile("proxy on 127\\.0\\.0\\.1:(\\d+) to 127\\.0\\.0\\.1:" + to)
            .matcher(program.output());
        assertTrue(m.find(), program.output());
        return new Running(program, Integer.parseInt(m.group(1)));
    }

    // ---- the program

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void signalsReportAndStop(String stop) throws Exception {
        Programs.requireSignals();
        try (Programs programs = new Programs(directory); ServerSocket server = new ServerSocket(0, 10, Loop.V4)) {
            Running proxy = proxy(programs, server.getLocalPort());
            try (Socket client = new Socket(Loop.V4, proxy.port); Socket accepted = server.accept()) {
                Proxying.pass(client, accepted, 12345);
                Proxying.pass(accepted, client, 54321);
                String report = proxy.report();
                assertEquals(1, Proxying.number(report, "now"), report);
                assertTrue(report.contains("to server    12345 bytes"), report);
                assertTrue(report.contains("to client    54321 bytes"), report);
                proxy.program.signal(stop);
                Loop.until("closed", () -> {
                    try {
                        new Socket(Loop.V4, proxy.port).close();
                        return false;
                    } catch (IOException e) {
                        return true;
                    }
                });
                Proxying.pass(client, accepted, 1000); // the proxy keeps working
                proxy.program.signal(stop);
                assertEquals(0, proxy.program.end());
                assertTrue(proxy.program.output().lastIndexOf("0 now") > 0, proxy.program.output());
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "--listen 127.0.0.1 --to a:1              | '127.0.0.1' is not HOST:PORT",
        "--listen ::1:7 --to a:1                  | '::1:7': an IPv6 address is written [ADDRESS]:PORT",
        "--listen :65536 --to a:1                 | ':65536': the port is not a number from 0 to 65535",
        "--listen :0 --to :1                      | --to: needs a host and a port",
        "--listen :0 --to [::1]:80 --mode fast    | 'fast' is not auto, copy, splice or ring",
        "--listen :0 --to a:1 --max-connections 0 | --max-connections: at least 1",
        "--listen :0 --to a:1 --grace -1          | --grace: from 0",
        "--listen :0                              | Missing required option: '--to=HOST:PORT'"})
    void badArgumentsAreReported(String arguments, String message) {
        CommandLine command = new CommandLine(new Proxy()).setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF));
        StringWriter err = new StringWriter();
        assertEquals(2, command.setErr(new PrintWriter(err)).execute(arguments.split(" +")));
        assertTrue(err.toString().startsWith(message) || err.toString().contains(": " + message), err.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--listen :0 --to no.such.host.invalid:1 | proxy: unknown host no.such.host.invalid",
        "--listen 192.0.2.1:0 --to [::1]:80      | proxy: bind"})
    void failuresAreReported(String arguments, String message) throws IOException {
        try (Programs programs = new Programs(directory)) {
            Program program = programs.example(("proxy " + arguments).split(" +"));
            assertEquals(1, program.end(), program.output());
            assertTrue(program.output().startsWith(message), program.output());
        }
    }

    @Test
    void aPortInUseIsReported() throws IOException {
        try (Programs programs = new Programs(directory); ServerSocket taken = new ServerSocket(0, 1, Loop.V4)) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            Program program = programs.example("proxy", "--listen", address, "--to", "[::1]:80");
            assertEquals(1, program.end());
            assertTrue(program.output().contains("in use"), program.output());
        }
    }

    /**
     * A burst may arrive in several pieces, so it is repeated until one arrives whole; the byte after it delimits it.
     */
    @Test
    void aBurstTakesThreeSystemCalls() throws Exception {
        assumeTrue(Feature.SPLICE.support() == Feature.Support.SUPPORTED, "bytes are copied, not spliced");
        Programs.require("strace");
        try (Programs programs = new Programs(directory); ServerSocket server = new ServerSocket(0, 10, Loop.V4)) {
            Running proxy = proxy(programs, server.getLocalPort(), "--mode", "splice");
            try (Socket client = new Socket(Loop.V4, proxy.port); Socket accepted = server.accept()) {
                Proxying.pass(client, accepted, 100);
                Program strace = programs.start("strace", "-f", "-p", "" + proxy.program.process().pid(), "-e",
                    "trace=" + Programs.MOVES, "-e", "signal=none");
                strace.awaitOutput("attached");
                for (int size : new int[] {100, 16_000, 60_000}) {
                    int whole = 0;
                    for (int i = 0; whole < 10; i++) {
                        assertTrue(i < 1000, "always in pieces: " + size);
                        String trace = trace(strace, client, accepted, size);
                        if (trace.matches("[^\\n]*= " + size + "\\n(?s:.*)")) {
                            Programs.assertOneBurst(size, trace);
                            whole++;
                        }
                    }
                }
                strace.process().destroy();
                strace.end();
            }
        }
    }

    private static String trace(Program strace, Socket client, Socket accepted, int size) throws IOException {
        int before = strace.output().length();
        Proxying.pass(client, accepted, size);
        Loop.until("drained", () -> strace.output().indexOf("EAGAIN", before) > 0);
        Proxying.pass(client, accepted, 1);
        String[] output = new String[1];
        Loop.until("drained again", () -> {
            output[0] = strace.output().substring(before);
            int last = output[0].lastIndexOf("= 1\n");
            return last > 0 && output[0].endsWith("\n") && output[0].indexOf("EAGAIN", last) > 0;
        });
        return output[0].split("(?<=\\n)(?=[^\\n]*= 1\\n)", 2)[0];
    }

    // ---- servers behind it

    @ParameterizedTest
    @ValueSource(strings = {"auto", "copy", "splice", "ring"})
    void aProxiedRedisPassesItsBenchmark(String mode) throws IOException {
        Programs.require("redis-server", "redis-benchmark");
        try (Programs programs = new Programs(directory)) {
            int port = Programs.freePort();
            programs.serve(port, "redis-server", "--port", "" + port, "--bind", "127.0.0.1", "--save", "");
            Running proxy = proxy(programs, port, "--mode", mode);
            String out = programs.run("redis-benchmark", "-h", "127.0.0.1", "-p", "" + proxy.port, "-P", "16", "-n",
                "10000", "-c", "50", "-d", "500", "-t", "set,get,lrange_100", "-q");
            assertTrue(out.contains("requests per second"), out);
            assertFalse(out.contains("rror"), out);
            String report = proxy.stop();
            assertTrue(Proxying.number(report, "total") >= 50, report);
        }
    }

    @Test
    void aProxiedPostgresqlPassesPgbench() throws IOException {
        Programs.require("pgbench");
        Path bin = MissingPrograms.require("postgres").getParent();
        Path home = Files.createTempDirectory(Path.of("/tmp"), "panamio-pg");
        String[] asPostgres = {"runuser", "-u", "postgres", "--"};
        try (Programs programs = new Programs(directory)) {
            assumeTrue(System.getProperty("user.name").equals("root"), "only root may become postgres");
            programs.run("chown", "postgres", home.toString());
            programs.run(join(asPostgres, bin + "/initdb", "-A", "trust", "-N", "-D", home + "/data"));
            int port = Programs.freePort();
            programs.serve(port, join(asPostgres, bin + "/postgres", "-D", home + "/data", "-p", "" + port, "-F", "-k",
                home.toString(), "-h", "127.0.0.1"));
            Running proxy = proxy(programs, port);
            String[] at = {"pgbench", "-h", "127.0.0.1", "-p", "" + proxy.port, "-U", "postgres"};
            Loop.until("ready", () -> programs.start("pg_isready", "-h", "127.0.0.1", "-p", "" + port).end() == 0);
            programs.run(join(at, "-i", "-q", "postgres"));
            String out = programs.run(join(at, "-c", "8", "-T", "2", "postgres"));
            assertTrue(out.contains("number of failed transactions: 0 "), out);
            String report = proxy.stop();
            assertEquals(0, Proxying.number(report, "failed"), report);
        } finally {
            new ProcessBuilder("rm", "-rf", home.toString()).start().onExit().join();
        }
    }

    private static String[] join(String[] first, String... more) {
        return Stream.concat(Stream.of(first), Stream.of(more)).toArray(String[]::new);
    }

    /** An nginx that serves a directory. */
    private int nginx(Programs programs) throws IOException {
        Programs.require("nginx");
        int port = Programs.freePort();
        Path config = Files.writeString(directory.resolve("nginx.conf"), """
            daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
            events { worker_connections 1000; }
            http { access_log off; sendfile on; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
              uwsgi_temp_path t4; scgi_temp_path t5; server { listen 127.0.0.1:%d; root %s; } }
            """.formatted(port, Files.createDirectory(directory.resolve("www"))));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        programs.serve(port, "nginx", "-p", directory + "/", "-c", config.toString());
        return port;
    }

    private Path file(String name, long size) throws Exception {
        Path file = directory.resolve("www").resolve(name);
        byte[] piece = new byte[(int) Math.min(size, 1 << 20)];
        new Random(size).nextBytes(piece);
        try (var out = Files.newOutputStream(file)) {
            for (long done = 0; done < size; done += piece.length) {
                piece[0]++;
                out.write(piece, 0, (int) Math.min(piece.length, size - done));
            }
        }
        return file;
    }

    private static String hash(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            byte[] piece = new byte[1 << 20];
            while (in.read(piece) >= 0) {
                Thread.onSpinWait();
            }
        }
        return new BigInteger(1, digest.digest()).toString(16);
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "copy", "splice", "ring"})
    void aProxiedNginxServesWrkAndCurl(String mode) throws Exception {
        Programs.require("nginx", "wrk", "curl");
        try (Programs programs = new Programs(directory)) {
            int port = nginx(programs);
            file("small", 1000);
            file("medium", 100_000);
            Path large = file("large", LARGE);
            Running proxy = proxy(programs, port, "--mode", mode);
            String url = "http://127.0.0.1:" + proxy.port + "/";
            for (String name : new String[] {"small", "medium"}) {
                String out = programs.run("wrk", "--timeout", "60s", "-t1", "-c64", "-d1", url + name);
                assertFalse(out.contains("Socket errors") || out.contains("Non-2xx"), out);
            }
            long before = proxy.descriptors();
            Path got = directory.resolve("got");
            programs.run("curl", "-sS", "--fail", "-o", got.toString(), url + "large");
            assertEquals(hash(large), hash(got));
            cut(programs, proxy, url + "large");
            Loop.until("the descriptors are closed", () -> proxy.descriptors() <= before + 2); // one more idle pipe
            String report = proxy.report();
            assertEquals(0, Proxying.number(report, "bytes of buffers"), report);
            assertEquals(0, Proxying.number(report, "rings"), report);
            proxy.stop();
        }
    }

    /** Downloads that are aborted in the middle. */
    private static void cut(Programs programs, Running proxy, String url) throws IOException {
        for (int i = 0; i < 5; i++) {
            Program curl = programs.start("curl", "-sS", "-o", "cut", "--limit-rate", "10M", url);
            Loop.until("a download in progress", () -> Proxying.number(proxy.report(), "now") == 1);
            curl.signal("KILL");
            curl.end();
            Loop.until("gone", () -> Proxying.number(proxy.report(), "now") == 0);
        }
    }
}
