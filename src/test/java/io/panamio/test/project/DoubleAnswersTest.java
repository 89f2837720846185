package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
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
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The double of FreeBSD answers as that kernel did: the program that printed the kernel's answers runs on the double,
 * and what it prints is compared. {@code src/test/double/freebsd/differences.txt} lists where they differ, and why. The
 * same program, with the headers of macOS, runs on the double of macOS, whose own answers are in {@code macos.txt}.
 */
@Tag("any-platform")
class DoubleAnswersTest {
    private static final Path DOUBLE = Child.BASE.resolve("src/test/double");
    private static final Path FREEBSD = DOUBLE.resolve("freebsd");
    private static final List<String> SECTIONS = List.of("1 basics", "1b", "1c", "1d", "2 user", "R more", "3 tcp read",
        "4 tcp write", "10 tun", "5", "5b", "6 udp", "7 unix", "7b", "8 pipes", "9 sendfile", "poll", "waitall",
        "extra", "Y");
    private static final Path HEADERS = Path.of("/usr/local/share/zig/libc/include");
    private static final List<String> OF_FREEBSD = List.of("--target=x86_64-unknown-freebsd14.2",
        "-isystem", HEADERS.resolve("x86_64-freebsd-none").toString(),
        "-isystem", HEADERS.resolve("generic-freebsd").toString());
    /** An object file of Linux from the headers of macOS. */
    private static final List<String> OF_MACOS = List.of("--target=x86_64-unknown-elf", "-D__APPLE__", "-D__MACH__",
        "-D__APPLE_CC__=6000", "-D__DYNAMIC__", "-D__ENVIRONMENT_MAC_OS_X_VERSION_MIN_REQUIRED__=110000",
        "-isystem", HEADERS.resolve("any-darwin-any").toString());

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

    private void build(List<String> target) throws IOException, InterruptedException {
        succeed(DOUBLE.resolve("build").toString(), directory.toString());
        succeed("clang", "-print-resource-dir");
        String resources = Files.readString(directory.resolve("command.out")).strip();
        List<String> compiler = new ArrayList<>(List.of("clang", "-nostdinc", "-isystem", resources + "/include", "-w",
            "-O1", "-fPIC", "-fno-stack-protector", "-c", "-o", directory.resolve("probe.o").toString(),
            FREEBSD.resolve("probe.c").toString()));
        compiler.addAll(target);
        succeed(compiler.toArray(String[]::new));
        succeed("cc", "-o", directory.resolve("probe").toString(), FREEBSD.resolve("calls.c").toString(),
            directory.resolve("probe.o").toString(), "-ldl");
    }

    /** What does not depend on sizes of buffers, times or the numbers of descriptors and processes. */
    private static String comparable(String line) {
        String freed = Pattern.compile("before (\\d+) after (\\d+)").matcher(line.strip())
            .replaceAll(m -> "+" + (Integer.parseInt(m.group(2)) - Integer.parseInt(m.group(1))));
        return freed.replaceAll("(WRITE [^{}]*?data=)-?\\d+", "$1#").replaceAll("\\{\\d+ (READ|WRITE)", "{fd $1")
            .replaceAll("took \\d+ us", "took # us").replaceAll("first=0x[0-9a-f]+", "first=#")
            .replaceAll("pid \\d+", "pid #").replaceAll("fd=\\d+ dup=\\d+", "fd=# dup=#")
            .replaceAll("after \\d+ ms", "after # ms").replaceAll("of 20: \\d+ / \\d+", "of 20: #")
            .replaceAll("\\b(SNDBUF now|MAXSEG) \\d{4,}", "$1 #")
            .replaceAll("peer read (?!1000:|-1)\\d+", "peer read #")
            .replaceAll("(total=|sb=|sbytes=|off=)\\d{4,}", "$1#")
            .replaceAll("(FIONWRITE|FIONSPACE|peer drained|2\\^31|1MB once:) -?[\\w/]+", "$1 #")
            .replaceAll("packet sent\\? [^)]+", "packet sent? #") // or that of an earlier case, once more
            .replaceAll(" (sendto addr|nolocaltimewait) .*", ""); // which is refused, and which no call asks for
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

    /** The lines of a list that are no comments. */
    private static Set<String> lines(Path list) throws IOException {
        return Files.readAllLines(list).stream().filter(line -> !line.startsWith("#") && !line.isBlank())
            .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Runs the program on a double, and returns the lines of each case. */
    private Map<String, Set<String>> answers(String system, List<String> target) throws Exception {
        Qemu.lacks("a compiler for its processor");
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the kernel was one for x86-64");
        MissingPrograms.require("cc");
        MissingPrograms.require("clang");
        if (!Files.isDirectory(HEADERS)) {
            MissingPrograms.missing("headers-" + system + "-x86_64", "no headers of " + system + " here");
        }
        build(target);
        List<Process> processes = new ArrayList<>();
        for (String section : SECTIONS) {
            processes.add(start(section, List.of(directory.resolve("probe").toString(),
                directory.resolve("lib" + system + ".so").toString(), section)));
        }
        Map<String, Set<String>> answered = new LinkedHashMap<>();
        for (int i = 0; i < SECTIONS.size(); i++) {
            int status = processes.get(i).waitFor();
            String errors = Files.readString(directory.resolve(SECTIONS.get(i) + ".err"));
            assumeTrue(status != 2, "no namespaces here: " + errors);
            add(answered, Files.readAllLines(directory.resolve(SECTIONS.get(i) + ".out")));
        }
        return answered;
    }

    /** What the kernel of FreeBSD printed, and of cases whose output was not kept what the table made from it says. */
    private static Map<String, Set<String>> measured() throws IOException {
        Map<String, Set<String>> measured = new LinkedHashMap<>();
        add(measured, Files.readAllLines(FREEBSD.resolve("measured-1cpu.txt")));
        add(measured, Files.readAllLines(FREEBSD.resolve("measured-more.txt")));
        add(measured, Files.readAllLines(FREEBSD.resolve("table.txt")));
        return measured;
    }

    private static Map<String, Set<String>> measuredOnTwoProcessors() throws IOException {
        Map<String, Set<String>> measured = new LinkedHashMap<>();
        add(measured, Files.readAllLines(FREEBSD.resolve("measured-2cpu.txt")));
        return measured;
    }

    @Test
    void theDoubleAnswersAsTheKernelDid() throws Exception {
        Map<String, Set<String>> answered = answers("freebsd", OF_FREEBSD);
        Map<String, Set<String>> onTwo = measuredOnTwoProcessors();
        Set<String> listed = lines(FREEBSD.resolve("differences.txt"));
        Set<String> used = new TreeSet<>();
        List<String> wrong = new ArrayList<>();
        measured().forEach((title, lines) -> {
            Set<String> answers = answered.getOrDefault(title, Set.of());
            compare("kernel", title, lines, answers, Set.of(), listed, used, wrong);
            compare("double", title, answers, lines, onTwo.getOrDefault(title, Set.of()), listed, used, wrong);
        });
        assertEquals("", String.join("\n", wrong), "differences");
        listed.removeAll(used);
        assertEquals(Set.of(), listed, "no difference any more");
    }

    /** As on FreeBSD, with one processor or with two, or as {@code macos.txt} says. */
    @Test
    void theDoubleOfMacosHasAnswersOfItsOwn() throws Exception {
        Map<String, Set<String>> answered = answers("macos", OF_MACOS);
        Map<String, Set<String>> onTwo = measuredOnTwoProcessors();
        Set<String> own = lines(DOUBLE.resolve("macos.txt"));
        Set<String> differences = lines(FREEBSD.resolve("differences.txt"));
        Set<String> answers = new TreeSet<>();
        Set<String> wrong = new TreeSet<>();
        measured().forEach((title, lines) -> {
            assertTrue(answered.containsKey(title), title);
            Set<String> expected = Stream.concat(lines.stream(), onTwo.getOrDefault(title, Set.of()).stream())
                .map(DoubleAnswersTest::ofMacos).collect(Collectors.toSet());
            for (String line : answered.get(title)) {
                String whole = title + " / " + line;
                if (!expected.contains(line) && differences.stream().noneMatch(whole::startsWith)) {
                    answers.add(whole);
                }
            }
            boolean listed = Stream.concat(own.stream(), differences.stream())
                .anyMatch(line -> line.startsWith(title.strip()));
            if (!listed && Stream.of(lines, onTwo.getOrDefault(title, lines)).noneMatch(all ->
                    answered.get(title).containsAll(all.stream().map(DoubleAnswersTest::ofMacos).toList()))) {
                wrong.add(title + ": " + answered.get(title));
            }
        });
        assertEquals(String.join("\n", own), String.join("\n", answers));
        assertEquals(Set.of(), wrong, "not answered");
    }

    /** An answer of FreeBSD's poll(2) as one of macOS. */
    private static String ofMacos(String line) {
        return line.replace("POLLOUT|POLLRDHUP", "POLLHUP").replace("|POLLRDHUP", "");
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
