package io.panamio.test.programs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.ResourceExhaustedException;
import io.panamio.examples.Main;
import io.panamio.examples.log.LogFile;
import io.panamio.examples.serve.Settings;
import io.panamio.test.programs.Served.Response;
import io.panamio.test.programs.Served.Client;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Failures in the example {@code serve} affect only one client, and the server continues. */
class ServeFailuresTest {
    private static final int LARGE = 100_000;

    @TempDir
    private Path directory;
    private Path folder;
    private Path errors;
    private Settings settings;

    @BeforeEach
    void prepare() throws IOException {
        folder = Files.createDirectories(directory.resolve("www"));
        Path small = Files.writeString(folder.resolve("a.txt"), "small");
        Files.setLastModifiedTime(small, FileTime.from(Instant.EPOCH));
        Files.write(folder.resolve("large"), new byte[LARGE]);
        Files.createDirectories(folder.resolve("sub"));
        errors = directory.resolve("errors");
        settings = new Settings(folder);
        settings.errors = LogFile.of(errors);
    }

    @AfterEach
    void close() throws IOException {
        settings.errors.close();
    }

    private void awaitOutput(String text) throws IOException {
        Loop.until("reported: " + text, () -> Files.readString(errors).contains(text));
    }

    private static Object field(Object of, String... names) throws ReflectiveOperationException {
        Object value = of;
        for (String name : names) {
            Field field = value.getClass().getDeclaredField(name);
            field.setAccessible(true);
            value = field.get(value);
        }
        return value;
    }

    private static void set(Object of, String name, Object value) throws ReflectiveOperationException {
        Field field = of.getClass().getDeclaredField(name);
        field.setAccessible(true);
        field.set(of, value);
    }

    // ---- exceptions

    @Test
    void anExceptionInARequestEndsOnlyItsConnection() throws Exception {
        settings.validTime = Duration.ofHours(1);
        try (Served served = new Served(settings); Client other = served.client()) {
            assertEquals("small", other.ask("GET /a.txt HTTP/1.1\r\n").text());
            set(field(served.loop, "files", "target"), "names", null); // so that uncached files throw
            for (int i = 0; i < 3; i++) {
                try (Client client = served.client()) {
                    String good = "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n";
                    client.send(good + good + "GET /missing HTTP/1.1\r\nHost: x\r\n\r\n" + good);
                    assertEquals("small", client.response().text());
                    assertEquals("small", client.response().text());
                    Response a = client.response();
                    assertEquals(500, a.status());
                    assertEquals("close", a.header("Connection"));
                    client.expectEnd();
                }
            }
            awaitOutput("NullPointerException");
            assertEquals("small", other.ask("GET /a.txt HTTP/1.1\r\n").text());
        }
    }

    /** An exception in the turn of one connection does not prevent the handling of other events. */
    @Test
    void anExceptionInATurnLeavesNoClientWaiting() throws Exception {
        settings.validTime = Duration.ofHours(1);
        CountDownLatch inTurn = new CountDownLatch(1);
        CountDownLatch sent = new CountDownLatch(1);
        List<Client> clients = new ArrayList<>();
        try (Served served = new Served(settings)) {
            for (int i = 0; i < 10; i++) {
                clients.add(served.client());
                assertEquals("small", clients.getLast().ask("GET /a.txt HTTP/1.1\r\n").text());
            }
            set(field(served.loop, "files", "target"), "names", null); // so that uncached files throw
            set(field(served.loop, "trouble"), "file", null); // so that reporting this fails, too
            set(field(served.loop, "connections"), "spareRings", new ArrayList<>() {
                private static final long serialVersionUID = 1;

                @Override
                public boolean add(Object ring) {
                    inTurn.countDown();
                    try {
                        sent.await(); // so that the events arrive together
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    return super.add(ring);
                }
            });
            clients.get(0).send("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
            inTurn.await();
            clients.get(1).send("GET /missing HTTP/1.1\r\nHost: x\r\n\r\n");
            for (Client client : clients.subList(2, 10)) {
                client.send("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
            }
            sent.countDown();
            assertEquals(500, clients.get(1).response().status());
            clients.remove(1).expectEnd();
            for (Client client : clients) {
                assertEquals("small", client.response().text());
            }
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }

    @Test
    void aRequestThatRunsOutOfMemoryEndsOnlyItsConnection() throws IOException {
        Path many = Files.createDirectories(folder.resolve("many"));
        for (int i = 0; i < 2000; i++) { // a listing of these needs more memory than the JVM has
            Files.createFile(many.resolve("\u4e00".repeat(80) + i));
        }
        int port = Programs.freePort();
        try (Programs programs = new Programs(directory)) {
            Program serve = programs.example(List.of("-Xmx8m"), Main.class, "serve", folder.toString(), "--host",
                "127.0.0.1", "--port", "" + port, "--no-log");
            serve.awaitOutput("serving");
            try (Client other = new Client(new Socket(Loop.V4, port)); Client client =
                new Client(new Socket(Loop.V4, port))) {
                assertEquals("small", other.ask("GET /a.txt HTTP/1.1\r\n").text());
                assertEquals(500, client.ask("GET /many/ HTTP/1.1\r\n").status());
                client.expectEnd();
                assertEquals("small", other.ask("GET /a.txt HTTP/1.1\r\n").text());
            }
            serve.awaitOutput("OutOfMemoryError");
        }
    }

    @Test
    void extremeFileTimesAreNoError() throws IOException {
        Path memory = Path.of("/dev/shm"); // a file system that preserves any name
        Path far = Files.createTempDirectory(Files.isWritable(memory) ? memory : directory, "panamio");
        try (Programs programs = new Programs(directory)) {
            for (String second : List.of("-62167219201", "-99999999999999", "253402300800", "9999999999999999",
                    "-9999999999999999")) {
                programs.run("touch", "-d", "@" + second, far.resolve("file" + second).toString());
            }
            try (Served served = new Served(far); Client client = served.client();
                 Stream<Path> files = Files.list(far)) {
                for (Path path : files.toList()) {
                    Response a = client.ask("GET /" + path.getFileName() + " HTTP/1.1\r\n");
                    assertEquals(200, a.status());
                    String date = a.header("Last-Modified");
                    assertTrue(date.matches("[A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} [0-9:]{8} GMT"), date);
                    for (String header : List.of("If-Modified-Since: ", "If-Unmodified-Since: ")) {
                        assertEquals(header.contains("Un") ? 200 : 304, client.ask(
                            "GET /" + path.getFileName() + " HTTP/1.1\r\n" + header + date + "\r\n").status());
                    }
                }
                String page = client.ask("GET / HTTP/1.1\r\n").text();
                assertTrue(page.contains("file-99999999999999"), page);
            }
        } finally {
            try (Stream<Path> files = Files.list(far)) {
                for (Path path : files.toList()) {
                    Files.delete(path);
                }
            }
            Files.delete(far);
        }
    }

    @Test
    void namesOfAnyBytesAreListedAndServed() throws IOException {
        try (Programs programs = new Programs(directory); Served served = new Served(settings)) {
            programs.run("sh", "-c", "cd www && printf x > \"$(printf 'a\\377\\n<b')\"");
            String page = served.get("/").text();
            assertTrue(page.contains("href=\"./a%FF%0A%3Cb\""), page);
            assertEquals("x", served.get("/a%FF%0A%3Cb").text());
        }
    }

    /** As in /proc: an empty response would be wrong. */
    @Test
    void fileOfSizeZeroThatIsNotEmptyIsRefused() throws IOException {
        Programs.requireFile("/proc/sys/kernel/ostype");
        try (Served served = new Served(Path.of("/proc/sys/kernel"))) {
            assertEquals(403, served.get("/ostype").status());
            assertEquals(403, served.get("/ostype", "Range: bytes=0-3").status());
        }
    }

    /** As for a directory that is not readable, has just been deleted or is on a broken disk. */
    @ParameterizedTest
    @CsvSource({"EACCES,13,403", "ENOENT,2,404", "ENOMEM,12,503", "EIO,5,500"})
    void directoryThatCannotBeReadIsNotListed(String name, int errno, int status) throws IOException {
        if (name.equals("ENOENT")) {
            Behaviour.SERVE_OPENS_FILES_ITSELF.require(); // readdir(3) reports it as the end
        }
        boolean[] refused = new boolean[1];
        try (Served served = new Served(settings, () -> refused[0] = Seccomp.refuse(SystemCall.GETDENTS64, errno));
             Client client = served.client()) {
            int actual = client.ask("GET /sub/ HTTP/1.1\r\n").status();
            assumeTrue(refused[0], "no seccomp here");
            assertEquals(status, actual, name);
            assertEquals("small", client.ask("GET /a.txt HTTP/1.1\r\n").text());
        }
    }

    @Test
    void failedWaitEndsNothing() throws IOException {
        CompletableFuture<Boolean> refused = new CompletableFuture<>();
        try (Served served = new Served(settings, () -> refused.complete(
                Seccomp.WAITS.stream().allMatch(call -> Seccomp.refuse(call, 12))))) {
            assumeTrue(refused.join(), "no seccomp here");
            awaitOutput("ENOMEM");
            assertTrue(served.thread.isAlive());
        }
    }

    /** Names, kinds of files, links and times of all sorts, which change while they are listed and requested. */
    @Test
    void anyTreeIsServed() throws Exception {
        Random random = new Random(4);
        int rounds = Behaviour.TRANSFERS_ARE_SLOW.isHere() ? 300 : 3000;
        AtomicBoolean over = new AtomicBoolean();
        Path odd = Files.createDirectories(folder.resolve("sub/\u00e4 %"));
        List<Path> folders = List.of(folder, folder.resolve("sub"), odd);
        List<String> names = Behaviour.NAMES_ARE_RESTRICTED.isHere()
            ? List.of("a", "b%41", "\u4e00", "index.html", "e'&", "n".repeat(250))
            : List.of("a", "b%41", "\u4e00", " ", "index.html", "c\nd", "...", "e'\"<&>", "n".repeat(250));
        settings.validTime = Duration.ZERO;
        try (Served served = new Served(settings); Client client = served.client()) {
            Future<Void> changes = Background.start(() -> {
                Random choice = new Random(5);
                while (!over.get()) {
                    Path path = folders.get(choice.nextInt(3)).resolve(names.get(choice.nextInt(names.size())));
                    try {
                        change(path, choice.nextInt(8), folders.get(choice.nextInt(3)), choice.nextLong());
                    } catch (IOException e) {
                        continue; // it exists, or no longer, or is not empty
                    }
                }
                return null;
            });
            try {
                for (int i = 0; i < rounds; i++) {
                    StringBuilder path = new StringBuilder();
                    Path in = folder.relativize(folders.get(random.nextInt(3)));
                    for (byte b : in.toString().replace(File.separatorChar, '/').getBytes(UTF_8)) {
                        path.append(b == '/' ? "/" : String.format(Locale.ROOT, "%%%02x", b & 0xff));
                    }
                    String name = "";
                    for (byte b : names.get(random.nextInt(names.size())).getBytes(UTF_8)) {
                        name += String.format(Locale.ROOT, "%%%02X", b & 0xff);
                    }
                    String[] ends = {"/", "/" + name, "/" + name + "/", "/./" + name, "/x/../" + name};
                    String[] headers = {"", "Range: bytes=1-\r\n", "If-None-Match: *\r\n", "If-Match: \"x\"\r\n",
                        "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n"};
                    Response a = client.ask("GET /" + path + ends[random.nextInt(5)] + " HTTP/1.1\r\n"
                        + headers[random.nextInt(5)]);
                    // a file that is truncated while it is read is answered with 503
                    assertTrue(List.of(200, 206, 301, 304, 403, 404, 412, 416, 503).contains(a.status()), a.line());
                }
            } finally {
                over.set(true);
                Background.result(changes);
            }
            assertEquals("", Files.readString(errors));
        }
    }

    private void change(Path path, int kind, Path other, long second) throws IOException {
        switch (kind) {
            case 0 -> Files.createDirectory(path);
            case 1 -> Files.createSymbolicLink(path, other);
            case 2 -> Files.createSymbolicLink(path, directory);
            case 3 -> Files.createSymbolicLink(path, path);
            case 4 -> Files.setLastModifiedTime(path, FileTime.from(second, TimeUnit.SECONDS));
            case 5, 6 -> Files.delete(path);
            default -> Files.writeString(path, "x".repeat((int) (second & 0xffff)));
        }
    }

    @Test
    void failedAcceptEndsNothing() throws IOException {
        CompletableFuture<Boolean> refused = new CompletableFuture<>();
        try (Served served = new Served(settings, () -> refused.complete(Seccomp.refuse(SystemCall.ACCEPT4, 5)));
             Socket client = new Socket(Loop.V4, served.port())) {
            assertTrue(client.isConnected());
            assumeTrue(refused.join(), "no seccomp here");
            awaitOutput("EIO");
            assertTrue(served.thread.isAlive());
        }
    }

    // ---- descriptors

    @Test
    void fileIsOpenOnceWhateverItsSpelling() throws IOException {
        try (Served served = new Served(settings); Client client = served.client()) {
            for (int i = 0; i < 200; i++) {
                assertEquals(LARGE, client.ask("GET " + "/.".repeat(i) + "/large HTTP/1.1\r\n").content().length);
            }
            for (String path : List.of("//large", "/%6carge", "/%6Carge", "/sub/../large", "/large?x", "http://h/large",
                    "/%2Flarge")) {
                assertEquals(LARGE, client.ask("GET " + path + " HTTP/1.1\r\n").content().length, path);
            }
            assertEquals(1, NativeFds.openFiles(folder));
        }
    }

    @Test
    void filesUseAtMostAQuarterOfTheDescriptors() throws IOException {
        for (int i = 0; i < 120; i++) {
            Files.write(folder.resolve("large" + i), new byte[LARGE]);
        }
        long limit = NativeFds.setLimit(400);
        try {
            settings.loops = 2;
            try (Served served = new Served(settings); Client client = served.client()) {
                for (int i = 0; i < 120; i++) {
                    assertEquals(LARGE, client.ask("GET /large" + i + " HTTP/1.1\r\n").content().length);
                    assertTrue(NativeFds.openFiles(folder) <= 50, NativeFds.openFiles(folder) + " files are open");
                }
                assertEquals(50, NativeFds.openFiles(folder));
            }
        } finally {
            NativeFds.setLimit(limit);
        }
    }

    @Test
    void withoutDescriptorsConnectedClientsAreServedAndOthersWait() throws IOException {
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        List<Client> clients = new ArrayList<>();
        settings.validTime = Duration.ZERO;
        try (Served served = new Served(settings)) {
            warmUp(served);
            Client first = served.client();
            clients.add(first);
            assertEquals("small", first.ask("GET /a.txt HTTP/1.1\r\n").text());
            assertEquals(200, first.ask("GET /sub/ HTTP/1.1\r\n").status());
            assertEquals(LARGE, first.ask("GET /large HTTP/1.1\r\n").content().length);
            assertEquals(1, NativeFds.openFiles(folder));
            try (NativeFds.Exhaustion exhaustion = new NativeFds.Exhaustion()) {
                exhaustion.releaseOne(); // for the client's own socket
                Client second = served.client();
                clients.add(second);
                assertEquals("small", second.ask("GET /a.txt HTTP/1.1\r\n").text()); // got the file's descriptor
                assertEquals(503, first.ask("GET /large HTTP/1.1\r\n").status());
                assertEquals(503, second.ask("GET /sub/ HTTP/1.1\r\n").status());
                exhaustion.releaseOne();
                Client third = served.client();
                clients.add(third);
                third.send("GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
                long cpu = cpu(served);
                long end = System.nanoTime() + 300_000_000;
                Loop.until("a while is over in which nothing changes", () -> System.nanoTime() > end);
                assertTrue(cpu(served) - cpu < 100_000_000, "it spins");
                assertEquals("small", first.ask("GET /a.txt HTTP/1.1\r\n").text());
                assertEquals(0, third.socket.getInputStream().available());
                exhaustion.releaseOne();
                assertEquals("small", third.response().text());
                exhaustion.releaseOne();
                if (!Behaviour.SERVE_OPENS_FILES_ITSELF.isHere()) {
                    exhaustion.releaseOne(); // the JDK opens a directory twice
                }
                assertEquals(200, third.ask("GET /sub/ HTTP/1.1\r\n").status());
                assertEquals(LARGE, first.ask("GET /large HTTP/1.1\r\n").content().length);
            }
            awaitOutput("EMFILE");
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }

    private static long cpu(Served served) {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(served.thread.threadId());
    }

    /** Loads the classes that are needed when none can be loaded. */
    private void warmUp(Served served) throws IOException {
        new ResourceExhaustedException("", null).toString();
        cpu(served);
        NativeFds.openFiles(folder);
        try (Client client = served.client()) {
            assertEquals(404, client.ask("GET /missing HTTP/1.1\r\n").status());
            assertEquals(200, client.ask("GET / HTTP/1.1\r\n").status());
            assertEquals(0, client.socket.getInputStream().available());
        }
    }
}
