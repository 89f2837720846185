package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.test.programs.Served.Client;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Systems;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command {@code serve} in a process of its own: its messages, and its end by a signal. */
@Tag("any-selector")
class ServeCommandTest {
    @TempDir
    private Path folder;

    private Process start(String... arguments) throws IOException {
        return start(List.of(), arguments);
    }

    private Process start(List<String> before, String... arguments) throws IOException {
        return start(before, List.of(), arguments);
    }

    /** Starts the command in a JVM with options, as the last words of another command if that is not empty. */
    private Process start(List<String> before, List<String> options, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Systems.CHILD_OPTIONS);
        command.addAll(options);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", String.join(File.pathSeparator,
            Child.CLASSES.toString(), Child.BASE.resolve("target/test-classes").toString(),
            System.getProperty("java.class.path"), System.getProperty("jdk.module.path", ""))));
        command.addAll(List.of("io.panamio.examples.Main", "serve"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C"); // as in many services
        return builder.start();
    }

    private static void expectFailure(int status, String message, Process process) throws Exception {
        try (BufferedReader err = process.errorReader()) {
            String line = err.readLine();
            assertTrue(line != null && line.contains(message), line);
            assertTrue(process.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS));
            assertEquals(status, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aDirectoryThatCannotBeServedIsReported() throws Exception {
        Path absent = folder.resolve("nothing/here");
        expectFailure(1, "no such directory: " + absent, start(absent.toString()));
        expectFailure(2, "--threads: at least 1", start(folder.toString(), "--threads", "0"));
        try (ServerSocket taken = new ServerSocket(0, 1, Loop.V4)) {
            expectFailure(1, "Address already in use",
                start(folder.toString(), "--host", "127.0.0.1", "--port", "" + taken.getLocalPort()));
        }
    }

    /** In the locale C, the JVM cannot represent other file names; the message states what to do. */
    @Test
    void aNameThatTheLocaleCannotEncodeIsReported() throws Exception {
        Programs.requireFile("/bin/sh");
        expectFailure(2, ", the encoding of file names in this JVM, which is that of the locale: try LC_ALL=C.UTF-8",
            start(List.of("sh", "-c", "exec \"$@\" \"$(printf '/srv/n\\303\\244me')\"", "sh")));
    }

    @Test
    void aLogThatCannotBeOpenedIsReported() throws Exception {
        Path log = folder.resolve("nosuch/x");
        expectFailure(1, "serve: cannot open the log " + log + ": no such directory",
            start(folder.toString(), "--port", "0", "--log", log.toString()));
        expectFailure(1, "serve: cannot open the log " + folder + ": ",
            start(folder.toString(), "--port", "0", "--log", "" + folder));
    }

    /** Who may read the addresses of the clients is up to the umask. */
    @ParameterizedTest
    @CsvSource({"022, rw-r--r--", "027, rw-r-----", "077, rw-------"})
    void aNewLogHasThePermissionsThatTheUmaskLeaves(String umask, String permissions) throws Exception {
        Programs.requireFile("/bin/sh");
        Path log = folder.resolve("log" + umask);
        Process process = start(List.of("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh"), folder.toString(),
            "--host", "127.0.0.1", "--port", "0", "--log", log.toString());
        try {
            Loop.until("opened", () -> Files.exists(log));
            assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(log)));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aHiddenProcIsReported() throws Exception {
        Behaviour.SERVE_OPENS_FILES_ITSELF.require();
        Programs.requireFile("/proc/self/fd");
        Process mount = new ProcessBuilder("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/proc").start();
        assumeTrue(mount.waitFor() == 0, "no namespaces for this user");
        expectFailure(1, "serve: no /proc/self/fd, which shows whether a file is in the directory",
            start(List.of("env", "LD_LIBRARY_PATH=" + Path.of(System.getProperty("java.home"), "lib"), "unshare",
                "--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"), folder.toString(),
                "--port", "0"));
    }

    /** The log is a pipe that nobody reads. */
    @Test
    void anUnreadLogDelaysNothing() throws Exception {
        Files.writeString(folder.resolve("a.txt"), "within");
        Process process = start(folder.toString(), "--host", "127.0.0.1", "--port", "0");
        try (BufferedReader err = process.errorReader(); BufferedReader out = process.inputReader()) {
            String line = err.readLine();
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            int count = 600;
            try (Client client = new Client(new Socket(Loop.V4, port))) {
                for (int i = 0; i < count; i++) { // lines of 6 KiB, more than the queue holds
                    assertEquals("within", client.ask("GET /a.txt HTTP/1.1\r\nUser-Agent: " + "\u00ff".repeat(2000)
                        + "\r\n").text());
                }
            }
            Programs.requireSignals();
            process.toHandle().destroy(); // does not close the pipes, unlike Process.destroy
            long lines = out.lines().filter(entry -> entry.contains("\"GET /a.txt HTTP/1.1\" 200 6")).count();
            int dropped = 0;
            List<String> reports = err.lines().toList(); // one, or two if the last lines were dropped after that
            for (String report : reports) {
                assertTrue(report.matches("output: \\d+ lines were dropped.*"), report);
                dropped += Integer.parseInt(report.replaceAll("\\D", ""));
            }
            assertTrue(dropped > 0);
            assertEquals(count, lines + dropped, reports::toString);
            assertTrue(process.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS));
        } finally {
            process.destroyForcibly();
        }
    }

    /** The exceptions' classes are in a directory, and cannot be loaded without descriptors. */
    @Test
    void withoutDescriptorsClientsAreStillServed() throws Exception {
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        Programs.requireFile("/bin/sh");
        Path file = Files.writeString(folder.resolve("a.txt"), "within");
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH)); // so that the cached entry stays valid
        Process process = start(List.of("sh", "-c", "ulimit -n 80; exec \"$@\"", "sh"), folder.toString(), "--host",
            "127.0.0.1", "--port", "0", "--no-log");
        List<Client> clients = new ArrayList<>();
        try (BufferedReader err = process.errorReader()) {
            String line = err.readLine();
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            clients.add(new Client(new Socket(Loop.V4, port)));
            assertEquals("within", clients.getFirst().ask("GET /a.txt HTTP/1.1\r\n").text());
            for (int i = 1; i < 80; i++) {
                clients.add(new Client(new Socket(Loop.V4, port)));
            }
            assertEquals("within", clients.getFirst().ask("GET /a.txt HTTP/1.1\r\n").text());
            assertTrue(err.readLine().startsWith("serve: "));
            assertEquals("within", clients.getFirst().ask("GET /a.txt HTTP/1.1\r\n").text());
            for (Client client : clients.subList(1, 40)) {
                client.close();
            }
            for (Client client : clients.subList(40, 80)) {
                assertEquals("within", client.ask("GET /a.txt HTTP/1.1\r\n").text());
            }
            assertEquals("within", clients.getFirst().ask("GET /a.txt HTTP/1.1\r\n").text());
        } finally {
            process.destroyForcibly();
            for (Client client : clients) {
                client.close();
            }
        }
    }

    /** Every second call is interrupted, as can happen on network file systems. */
    @Test
    void interruptedCallsAreRepeated() throws Exception {
        Behaviour.SERVE_OPENS_FILES_ITSELF.require();
        Programs.require("strace");
        for (int i = 0; i < 20; i++) {
            Files.writeString(folder.resolve("file" + i), "within");
        }
        Process process = start(folder.toString(), "--host", "127.0.0.1", "--port", "0", "--no-log");
        try (BufferedReader err = process.errorReader(); Programs programs = new Programs(folder)) {
            String line = err.readLine();
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            try (Client client = new Client(new Socket(Loop.V4, port))) {
                assertEquals("within", client.ask("GET /file0 HTTP/1.1\r\n").text());
                assertEquals(200, client.ask("GET / HTTP/1.1\r\n").status());
                String calls = "openat,pread64,statx,getdents64";
                Programs.Program strace = programs.start("strace", "-f", "-p", "" + process.pid(), "-e",
                    "trace=" + calls, "-e", "inject=" + calls + ":error=EINTR:when=1+2");
                strace.awaitOutput("attached");
                for (int i = 1; i < 20; i++) {
                    assertEquals("within", client.ask("GET /file" + i + " HTTP/1.1\r\n").text());
                }
                assertEquals(200, client.ask("GET /./ HTTP/1.1\r\n").status());
                strace.awaitOutput("EINTR");
                strace.process().destroy();
                strace.end();
            }
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void digitsAreAsciiInAnyLocale() throws Exception {
        Path file = Files.writeString(folder.resolve("a.txt"), "0123456789");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2024-02-29T12:34:56Z")));
        Process process = start(List.of(), List.of("-Duser.language=ar", "-Duser.country=EG"), folder.toString(),
            "--host", "127.0.0.1", "--port", "0", "--no-log");
        try (BufferedReader err = process.errorReader()) {
            String line = err.readLine();
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            try (Client client = new Client(new Socket(Loop.V4, port))) {
                assertEquals("10", client.ask("GET /a.txt HTTP/1.1\r\n").header("Content-Length"));
                String page = client.ask("GET / HTTP/1.1\r\n").text();
                assertTrue(page.contains(">10</td><td>2024-02-29 12:34</td>"), page);
            }
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aSignalStopsTheServerAfterTheLastResponse() throws Exception {
        Programs.requireFile("/bin/sh");
        Path www = Files.createDirectories(folder.resolve("www"));
        String name = "\u00e4.txt";
        assertEquals(0, new ProcessBuilder("sh", "-c", "printf within > \"$(printf '\\303\\244').txt\"")
            .directory(www.toFile()).start().waitFor());
        Files.write(www.resolve("large"), new byte[20_000_000]);
        Path log = folder.resolve("log");
        Process process = start(www.toString(), "--host", "127.0.0.1", "--port", "0", "--log", log.toString(),
            "--threads", "2", "--common");
        try (BufferedReader err = process.errorReader()) {
            String line = err.readLine();
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            try (Client client = new Client(new Socket(Loop.V4, port));
                 Client idle = new Client(new Socket(Loop.V4, port))) {
                assertEquals("within", idle.ask("GET /%C3%A4.txt HTTP/1.1\r\n").text());
                assertTrue(idle.ask("GET / HTTP/1.1\r\n").text().contains(">" + name + "<"));
                client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
                Loop.until("begun", () -> client.socket.getInputStream().available() > 0);
                Programs.requireSignals();
                process.destroy(); // SIGTERM
                idle.expectEnd();
                assertEquals(20_000_000, client.response().content().length);
                client.expectEnd();
            }
            assertTrue(process.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS));
        } finally {
            process.destroyForcibly();
        }
        String lines = Files.readString(log);
        assertEquals(3, lines.lines().count(), lines);
        assertTrue(lines.contains("] \"GET /%C3%A4.txt HTTP/1.1\" 200 6\n"), lines);
        assertTrue(lines.contains("] \"GET / HTTP/1.1\" 200 "), lines);
        assertTrue(lines.contains("] \"GET /large HTTP/1.1\" 200 20000000\n"), lines);
    }
}
