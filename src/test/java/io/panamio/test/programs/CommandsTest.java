package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Poll;
import io.panamio.examples.Main;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import io.panamio.test.support.Qemu;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The output of the example commands. */
@Tag("any-selector")
class CommandsTest {
    /** Options for a locale with Arabic digits. */
    private static final List<String> ARABIC = List.of("-Duser.language=ar", "-Duser.country=EG");

    @TempDir
    private Path directory;
    private Programs programs;

    @BeforeEach
    void open() {
        programs = new Programs(directory);
    }

    @AfterEach
    void close() {
        programs.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"help", "help echo", "echo help", "proxy help", "send help", "serve help", "watch --help"})
    void everyCommandHasHelp(String arguments) throws IOException {
        String[] words = arguments.split(" ");
        String name = arguments.replaceAll(" ?-*help ?", "");
        String output = programs.run(programs.exampleCommand(List.of(), Main.class, words));
        assertTrue(output.startsWith(("Usage: panamio-examples " + name).strip()), output);
        assertEquals(name.isEmpty(), output.contains("COMMAND"), output);
    }

    @Test
    void capabilitiesListsTheSystemAndEveryFeature() throws IOException {
        String output = programs.run(programs.exampleCommand(List.of(), Main.class, "capabilities"));
        List<String> names = output.lines().takeWhile(line -> !line.isEmpty())
            .map(line -> line.replaceFirst("  +.*", "")).toList();
        assertEquals(List.of("version", "machine", "kernel", "JDK", "back end"), names, output);
        assertTrue(output.contains(System.getProperty("java.runtime.version")), output);
        try (Poll poll = Poll.open()) {
            assertTrue(output.matches("(?s).*\\nback end +" + Pattern.quote(poll.toString()) + "\\R.*"), output);
        }
        for (Feature feature : Feature.values()) {
            String support = feature.support().name().toLowerCase(Locale.ROOT);
            assertTrue(output.matches("(?s).*\\b" + feature + " +" + support + "\\R.*"), output);
        }
    }

    @Test
    void capabilitiesTakesNoArgument() throws IOException {
        Program program = programs.example("capabilities", "more");
        assertEquals(2, program.end());
        assertTrue(program.output().startsWith("Unmatched argument at index 1: 'more'"), program.output());
    }

    @Test
    void namesOfFilesCannotForgeLines() throws IOException {
        Behaviour.TIMERS_HAVE_DESCRIPTORS.require();
        Path watched = Files.createDirectory(directory.resolve("watched"));
        Program watch = programs.example(ARABIC, Main.class, "watch", "--directory", watched.toString(), "--every", "1",
            "--count", "1000000");
        watch.awaitOutput("timer ");
        Files.createFile(watched.resolve("a b\\c\nd\u001b[31m\u202e\u00e4"));
        watch.awaitOutput("directory  WRITTEN ");
        String name = "a\\ b\\\\c\\nd\\033[31m\\342\\200\\256\u00e4";
        assertTrue(watch.output().contains("directory  CREATED " + name + "\n"), watch.output());
        assertTrue(watch.output().matches("(?s).*timer      [0-9]+ expiration.*"), watch.output());
    }

    /** Names are escaped as by {@code ls -b}, also those that are not text or not printable. */
    @Test
    void namesOfFilesThatCannotBePrintedAreOctal() throws IOException {
        Behaviour.TIMERS_HAVE_DESCRIPTORS.require();
        Path watched = Files.createDirectory(directory.resolve("watched"));
        Program watch = programs.example(List.of("-Dstdout.encoding=US-ASCII"), Main.class, "watch", "--directory",
            watched.toString(), "--every", "1", "--count", "1000000");
        watch.awaitOutput("timer ");
        for (String name : List.of("a%FF%C3%BC", "a%FE%C3%BC%C3", "%C0%80")) {
            Files.createDirectory(watched.resolve(Path.of(URI.create("file:///" + name)).getFileName()));
        }
        watch.awaitOutput("\\300");
        Matcher names = Pattern.compile("directory  CREATED (.*)").matcher(watch.output());
        assertEquals(List.of("a\\377\\303\\274", "a\\376\\303\\274\\303", "\\300\\200"),
            names.results().map(r -> r.group(1)).toList());
    }

    @Test
    void everyCommandHasItsVersion() throws IOException {
        for (String command : List.of("", "serve ", "proxy ")) {
            String output = programs.run(programs.exampleCommand(List.of(), Main.class, (command + "--version")
                .split(" ")));
            assertTrue(output.startsWith("panamio "), output);
        }
    }

    @ParameterizedTest
    @CsvSource({"serve|, DIR: is empty", "echo|--host|, --host: is empty", "send|FILE|--host|, --host: is"})
    void emptyArgumentsAreRefused(String arguments, String message) throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        Program program = programs.example(arguments.replace("FILE", file.toString()).split("[|]", -1));
        assertEquals(2, program.end());
        assertTrue(program.output().startsWith(message), program.output());
    }

    @Test
    void measurementsToAFileHaveNoProgressBar() throws IOException {
        Program echo = programs.example("echo", "--host", "127.0.0.1", "--port", "0");
        echo.awaitOutput("\n");
        String port = echo.output().replaceAll("\\D", "");
        String seconds = Behaviour.TRANSFERS_ARE_SLOW.isHere() || Qemu.isHere() ? "9" : "1"; // time for a response
        String output = programs.run(programs.exampleCommand(ARABIC, Main.class, "bench", "--host", "localhost",
            "--port", port, "--connections", "2", "--warm-up", "0", "--duration", seconds));
        assertTrue(output.matches("(?s)[0-9,]+ requests of 64 bytes over 2 connections in [0-9]+\\.[0-9] s.*"), output);
        assertFalse(output.contains("\r"), output);
        assertFalse(output.codePoints().anyMatch(c -> c > 127 && Character.isDigit(c)), output);
    }

    /** The same, on a terminal. */
    @Test
    void measurementsOnATerminalHaveAProgressBar() throws IOException {
        Program echo = programs.example("echo", "--host", "127.0.0.1", "--port", "0");
        echo.awaitOutput("\n");
        String port = echo.output().replaceAll("\\D", "");
        String command = Stream.of(programs.exampleCommand(List.of(), Main.class, "bench", "--port", port,
            "--connections", "2", "--warm-up", "0", "--duration", "1")).collect(Collectors.joining("' '", "'", "'"));
        String output = programs.run(MissingPrograms.require("script").toString(), "-qec", command, "/dev/null");
        assertTrue(output.contains("requests/s") && output.contains("\r"), output);
    }

    @Test
    void anAbsentServerIsReported() throws IOException {
        int port = Programs.freePort();
        Program bench = programs.example("bench", "--port", "" + port);
        assertEquals(1, bench.end());
        assertTrue(bench.output().startsWith("bench: 127.0.0.1:" + port + ": no connection: connect /127.0.0.1:"
            + port + ": Connection refused"), bench.output());
    }

    @Test
    void anUnknownServerIsReported() throws IOException {
        Program bench = programs.example("bench", "--host", "no.such.host.invalid");
        assertEquals(1, bench.end());
        assertTrue(bench.output().startsWith("bench: no.such.host.invalid:7000 cannot be resolved: "), bench.output());
    }

    @Test
    void theLongestMeasurementDoesNotOverflow() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, Loop.V4)) {
            programs.example("bench", "--port", "" + server.getLocalPort(), "--connections", "1", "--warm-up",
                "" + Integer.MAX_VALUE, "--duration", "" + Integer.MAX_VALUE);
            try (Socket client = server.accept()) {
                for (int i = 0; i < 5000; i++) {
                    byte[] message = client.getInputStream().readNBytes(64);
                    assertEquals(64, message.length, "it has ended");
                    client.getOutputStream().write(message);
                }
            }
        }
    }

    /** The loops of one program share a port; two programs cannot. */
    @ParameterizedTest
    @ValueSource(strings = {"echo", "serve|."})
    void aPortBelongsToOneProgram(String command) throws IOException {
        Behaviour.PORTS_CANNOT_BE_SHARED.skip();
        String port = "" + Programs.freePort();
        String[] arguments = (command + "|--threads|2|--host|127.0.0.1|--port|" + port).split("[|]");
        programs.example(arguments).awaitOutput(" on port " + port);
        Program second = programs.example(arguments);
        assertEquals(1, second.end());
        assertTrue(second.output().contains(": bind /127.0.0.1:" + port + ": Address already in use"), second.output());
    }

    /** Each is reported by a message of one line, without a stack trace. */
    @ParameterizedTest
    @CsvSource({"bench --port 1 --size 1073741824, -Xmx64m, out of memory",
        "demo --size 1073741824, -Xmx64m, out of memory",
        "watch --every 1, -Dpanamio.selector=none, watch: ",
        "watch --every 1, -Dos.name=Plan9, 'watch: timerfd, inotify, pidfd and signalfd exist only on Linux; "
            + "this is Plan9'",
        "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1, -Xrs, proxy: "})
    void anImpossibleCommandIsReportedInOneLine(String arguments, String option, String message) throws IOException {
        Program program = programs.example(List.of(option), Main.class, arguments.split(" "));
        assertEquals(1, program.end());
        assertTrue(program.output().startsWith(message), program.output());
        assertEquals(1, program.output().lines().count(), program.output());
    }

    @Test
    void outputThatCannotBeWrittenIsAFailure() throws IOException {
        Programs.requireFile("/dev/full");
        for (String arguments : List.of(Behaviour.TIMERS_HAVE_DESCRIPTORS.isHere() ? "watch --every 1" : "capabilities",
                "--help")) {
            List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" > /dev/full", "sh"));
            command.addAll(List.of(programs.exampleCommand(List.of(), Main.class, arguments.split(" "))));
            Program program = programs.start(command.toArray(String[]::new));
            assertEquals(1, program.end());
            assertEquals("cannot write to standard output", program.output().strip());
        }
    }
}
