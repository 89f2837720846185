package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.test.support.Child;
import io.panamio.test.support.MissingPrograms;
import io.panamio.test.support.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The double of FreeBSD answers as that kernel did: the program that printed the kernel's answers runs on the double,
 * and what it prints is compared. {@code src/test/double/freebsd/differences.txt} lists where they differ, and why.
 */
@Tag("any-platform")
class DoubleAnswersTest {
    private static final Path DOUBLE = Child.BASE.resolve("src/test/double");
    private static final Path FREEBSD = DOUBLE.resolve("freebsd");
    private static final List<String> SECTIONS = List.of("1 basics", "1b", "1c", "1d", "2 user", "R more", "3 tcp read",
        "4 tcp write", "10 tun", "5", "5b", "6 udp", "7 unix", "7b", "8 pipes", "9 sendfile", "poll", "waitall",
        "extra", "Y");

    @TempDir
    Path directory;

    private Process start(String name, List<String> command) throws IOException {
        return new ProcessBuilder(command).redirectOutput(directory.resolve(name + ".out").toFile())
            .redirectError(directory.resolve(name + ".err").toFile()).start();
    }

    private void succeed(String... command) throws IOException, InterruptedException {
        int status = start("command", List.of(command)).waitFor();
        assertEquals(0, status, Files.readString(directory.resolve("command.err")));
    }

    private void build() throws IOException, InterruptedException {
        Path headers = Path.of("/usr/local/share/zig/libc/include");
        succeed(DOUBLE.resolve("build").toString(), directory.toString());
        succeed("clang", "-print-resource-dir");
        String resources = Files.readString(directory.resolve("command.out")).strip();
        succeed("clang", "--target=x86_64-unknown-freebsd14.2", "-nostdinc", "-isystem", resources + "/include",
            "-isystem", headers.resolve("x86_64-freebsd-none").toString(),
            "-isystem", headers.resolve("generic-freebsd").toString(), "-w", "-O1", "-fPIC", "-fno-stack-protector",
            "-c", "-o", directory.resolve("probe.o").toString(), FREEBSD.resolve("probe.c").toString());
        succeed("cc", "-o", directory.resolve("probe").toString(), FREEBSD.resolve("calls.c").toString(),
            directory.resolve("probe.o").toString(), "-ldl");
    }

    /** What does not depend on sizes of buffers, times or the numbers of descriptors and processes. */
    private static String comparable(String line) {
        return line.strip().replaceAll("(WRITE [^{}]*?data=)-?\\d+", "$1#").replaceAll("\\{\\d+ (READ|WRITE)", "{fd $1")
            .replaceAll("took \\d+ us", "took # us").replaceAll("first=0x[0-9a-f]+", "first=#")
            .replaceAll("pid \\d+", "pid #").replaceAll("fd=\\d+ dup=\\d+", "fd=# dup=#")
            .replaceAll("after \\d+ ms", "after # ms").replaceAll("of 20: \\d+ / \\d+", "of 20: #");
    }

    /** Adds the lines of an output to those of each case: section and title. */
    private static void add(Map<String, Set<String>> cases, List<String> lines) {
        String section = "";
        String title = "";
        for (String line : lines) {
            if (line.startsWith("==== ")) {
                section = line.substring(5);
                title = "";
            } else if (line.startsWith("## ")) {
                title = line.substring(3);
            } else if (line.startsWith("    ") || line.startsWith(" ") || line.startsWith("!!")) {
                cases.computeIfAbsent(section + " / " + title, t -> new LinkedHashSet<>()).add(comparable(line));
            }
        }
    }

    /** The differences that have a reason: beginnings of lines. */
    private static Set<String> differences() throws IOException {
        Set<String> differences = new TreeSet<>();
        for (String line : Files.readAllLines(FREEBSD.resolve("differences.txt"))) {
            if (!line.startsWith("#") && !line.isBlank()) {
                differences.add(line);
            }
        }
        return differences;
    }

    @Test
    void theDoubleAnswersAsTheKernelDid() throws Exception {
        Qemu.lacks("a compiler for its processor");
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the kernel was one for x86-64");
        MissingPrograms.require("cc");
        MissingPrograms.require("clang");
        if (!Files.isDirectory(Path.of("/usr/local/share/zig/libc"))) {
            MissingPrograms.missing("headers-freebsd-x86_64", "no headers of freebsd here");
        }
        build();
        List<Process> processes = new ArrayList<>();
        for (String section : SECTIONS) {
            processes.add(start(section, List.of(directory.resolve("probe").toString(),
                directory.resolve("libfreebsd.so").toString(), section)));
        }
        Map<String, Set<String>> measured = new LinkedHashMap<>();
        Map<String, Set<String>> answered = new LinkedHashMap<>();
        for (int i = 0; i < SECTIONS.size(); i++) {
            int status = processes.get(i).waitFor();
            String errors = Files.readString(directory.resolve(SECTIONS.get(i) + ".err"));
            assumeTrue(status != 2, "no namespaces here: " + errors);
            add(answered, Files.readAllLines(directory.resolve(SECTIONS.get(i) + ".out")));
        }
        add(measured, Files.readAllLines(FREEBSD.resolve("measured-1cpu.txt")));
        add(measured, Files.readAllLines(FREEBSD.resolve("measured-more.txt")));
        Map<String, Set<String>> onTwo = new LinkedHashMap<>();
        add(onTwo, Files.readAllLines(FREEBSD.resolve("measured-2cpu.txt")));

        Set<String> listed = differences();
        Set<String> used = new TreeSet<>();
        List<String> wrong = new ArrayList<>();
        measured.forEach((title, lines) -> {
            Set<String> answers = answered.getOrDefault(title, Set.of());
            compare("kernel", title, lines, answers, Set.of(), listed, used, wrong);
            compare("double", title, answers, lines, onTwo.getOrDefault(title, Set.of()), listed, used, wrong);
        });
        assertEquals("", String.join("\n", wrong), "differences");
        listed.removeAll(used);
        assertEquals(Set.of(), listed, "no difference any more");
    }

    private static void compare(String who, String title, Set<String> lines, Set<String> others, Set<String> more,
            Set<String> listed, Set<String> used, List<String> wrong) {
        for (String line : lines) {
            String whole = title + " / " + line;
            List<String> reasons = listed.stream().filter(whole::startsWith).toList();
            if (others.contains(line) || more.contains(line)) {
                continue;
            }
            used.addAll(reasons);
            if (reasons.isEmpty()) {
                wrong.add(who + ": " + whole);
            }
        }
    }
}
