package io.panamio.test.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.examples.Main;
import io.panamio.test.support.Loop;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    /** Where numbers have Arabic digits. */
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
    void helpIsHelp(String arguments) throws IOException {
        String[] words = arguments.split(" ");
        String name = arguments.replaceAll(" ?-*help ?", "");
        String said = programs.run(programs.exampleCommand(List.of(), Main.class, words));
        assertTrue(said.startsWith(("Usage: panamio-examples " + name).strip()), said);
        assertEquals(name.isEmpty(), said.contains("COMMAND"), said);
    }

    @Test
    void capabilitiesListsEveryFeature() throws IOException {
        String said = programs.run(programs.exampleCommand(List.of(), Main.class, "capabilities"));
        for (Feature feature : Feature.values()) {
            String support = feature.support().name().toLowerCase(Locale.ROOT);
            assertTrue(said.matches("(?s).*\\b" + feature + " +" + support + "\\R.*"), said);
        }
    }

    @Test
    void namesOfFilesCannotForgeLines() throws IOException {
        Path watched = Files.createDirectory(directory.resolve("watched"));
        Program watch = programs.example(ARABIC, Main.class, "watch", "--directory", watched.toString(), "--every", "1",
            "--count", "1000000");
        watch.awaitSaid("timer ");
        Files.createFile(watched.resolve("a b\\c\nd\u001b[31m\u202e\u00e4"));
        watch.awaitSaid("directory  WRITTEN ");
        String name = "a\\ b\\\\c\\nd\\033[31m\\342\\200\\256\u00e4";
        assertTrue(watch.said().contains("directory  CREATED " + name + System.lineSeparator()), watch.said());
        assertTrue(watch.said().matches("(?s).*timer      [0-9]+ expiration.*"), watch.said());
    }

    /** As ls -b has them, also where names are no text, or none that can be printed. */
    @Test
    void namesOfFilesThatCannotBePrintedAreOctal() throws IOException {
        Path watched = Files.createDirectory(directory.resolve("watched"));
        Program watch = programs.example(List.of("-Dstdout.encoding=US-ASCII"), Main.class, "watch", "--directory",
            watched.toString(), "--every", "1", "--count", "1000000");
        watch.awaitSaid("timer ");
        for (String name : List.of("a%FF%C3%BC", "a%FE%C3%BC%C3", "%C0%80")) {
            Files.createDirectory(watched.resolve(Path.of(URI.create("file:///" + name)).getFileName()));
        }
        watch.awaitSaid("\\300");
        Matcher names = Pattern.compile("directory  CREATED (.*)").matcher(watch.said());
        assertEquals(List.of("a\\377\\303\\274", "a\\376\\303\\274\\303", "\\300\\200"),
            names.results().map(r -> r.group(1)).toList());
    }

    @Test
    void everyCommandHasItsVersion() throws IOException {
        for (String command : List.of("", "serve ", "proxy ")) {
            String said = programs.run(programs.exampleCommand(List.of(), Main.class, (command + "--version")
                .split(" ")));
            assertTrue(said.startsWith("panamio "), said);
        }
    }

    @ParameterizedTest
    @CsvSource({"serve|, DIR: is empty", "echo|--host|, --host: is empty", "send|/etc/passwd|--host|, --host: is"})
    void whatIsEmptyIsRefused(String arguments, String message) throws IOException {
        Program program = programs.example(arguments.split("[|]", -1));
        assertEquals(2, program.end());
        assertTrue(program.said().startsWith(message), program.said());
    }

    @Test
    void measurementsToAFileAreJustThat() throws IOException {
        Program echo = programs.example("echo", "--host", "127.0.0.1", "--port", "0");
        echo.awaitSaid(System.lineSeparator());
        String port = echo.said().replaceAll("\\D", "");
        String said = programs.run(programs.exampleCommand(ARABIC, Main.class, "bench", "--port", port,
            "--connections", "2", "--warm-up", "0", "--duration", "1"));
        assertTrue(said.matches("(?s)[0-9,]+ requests of 64 bytes over 2 connections in 1\\.[0-9] s.*"), said);
        assertFalse(said.contains("\r"), said);
        assertFalse(said.codePoints().anyMatch(c -> c > 127 && Character.isDigit(c)), said);
    }

    /** The same, on a terminal. */
    @Test
    void measurementsOnATerminalShowTheirProgress() throws IOException {
        Program echo = programs.example("echo", "--host", "127.0.0.1", "--port", "0");
        echo.awaitSaid(System.lineSeparator());
        String port = echo.said().replaceAll("\\D", "");
        String said = programs.run(MissingPrograms.require("script").toString(), "-qec", String.join(" ",
            programs.exampleCommand(List.of(), Main.class, "bench", "--port", port, "--connections", "2", "--warm-up",
            "0", "--duration", "1")), "/dev/null");
        assertTrue(said.contains("requests/s") && said.contains("\r"), said);
    }

    @Test
    void anAbsentServerIsReported() throws IOException {
        int port = Programs.freePort();
        Program bench = programs.example("bench", "--port", "" + port);
        assertEquals(1, bench.end());
        assertTrue(bench.said().startsWith("bench: connect /127.0.0.1:" + port + ": Connection refused"), bench.said());
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

    /** Loops of one program share a port, which two programs must not. */
    @ParameterizedTest
    @ValueSource(strings = {"echo", "serve|."})
    void aPortBelongsToOneProgram(String command) throws IOException {
        String port = "" + Programs.freePort();
        String[] arguments = (command + "|--threads|2|--host|127.0.0.1|--port|" + port).split("[|]");
        programs.example(arguments).awaitSaid(" on port " + port);
        Program second = programs.example(arguments);
        assertEquals(1, second.end());
        assertTrue(second.said().contains(": bind /127.0.0.1:" + port + ": Address already in use"), second.said());
    }

    /** Each with a message of one line, and no trace. */
    @ParameterizedTest
    @CsvSource({"bench --port 1 --size 1073741824, -Xmx64m, out of memory",
        "demo --size 1073741824, -Xmx64m, out of memory",
        "watch --every 1, -Dpanamio.selector=none, watch: ",
        "watch --every 1, -Dos.name=Plan9, 'watch: timerfd, inotify, pidfd and signalfd are Linux''s; this is Plan9'",
        "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1, -Xrs, proxy: "})
    void anImpossibleCommandIsReportedInOneLine(String arguments, String option, String told) throws IOException {
        Program program = programs.example(List.of(option), Main.class, arguments.split(" "));
        assertEquals(1, program.end());
        assertTrue(program.said().startsWith(told), program.said());
        assertEquals(1, program.said().lines().count(), program.said());
    }

    @Test
    void outputThatCannotBeWrittenIsAFailure() throws IOException {
        for (String arguments : new String[] {"watch --every 1", "--help"}) {
            String command = String.join(" ", programs.exampleCommand(List.of(), Main.class, arguments.split(" ")));
            Program program = programs.start("sh", "-c", "exec " + command + " > /dev/full");
            assertEquals(1, program.end());
            assertEquals("cannot write to standard output", program.said().strip());
        }
    }
}
