package io.panamio.test.faults;

import static io.panamio.test.faults.ProgramsUnderFaultsTest.MOST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A program is started for each fault: the first calls of each function, from its start, fail with each of their
 * errors. It does what it should, and a server then serves; or it names the call and the error, and ends. Only with
 * {@code panamio.test.faults}, see {@code src/test/faults/run programs}.
 */
@EnabledIfSystemProperty(named = "panamio.test.faults", matches = "[1-9].*", disabledReason = "takes long")
class ProgramStartsUnderFaultsTest {
    @TempDir
    private Path directory;
    private FaultyPrograms programs;
    private Service service;
    private String[] arguments;
    private final Map<String, Integer> outcomes = new TreeMap<>();

    @ParameterizedTest
    @ValueSource(strings = {"echo", "proxy", "send", "serve", "bench", "send --to", "watch", "capabilities"})
    void aProgramThatFailsNamesCallAndError(String name) throws Exception {
        assumeTrue(!name.equals("watch") || Feature.SPLICE.isAvailable()); // only Linux has it, too
        int injected = 0;
        List<String> defects = new ArrayList<>();
        try (FaultyPrograms faulty = new FaultyPrograms(directory)) {
            programs = faulty;
            service = switch (name) {
                case "echo" -> Service.ECHO;
                case "proxy" -> Service.PROXY_COPY;
                case "send" -> Service.SEND_FILE;
                case "serve" -> Service.SERVE;
                default -> null;
            };
            arguments = service != null ? service.arguments(faulty.files, faulty.port()) : arguments(name);
            Plan plan = faulty.plan;
            plan.clear();
            assertNull(defect(null));
            long[] calls = plan.calls();
            for (int f = 0; f < calls.length; f++) {
                for (long n = 1; n <= Math.min(MOST, calls[f]); n++) {
                    for (Fault fault : faulty.errors.faults(plan.functions.get(f), n, false)) {
                        plan.clear();
                        plan.fail(f, n, fault.errno());
                        String defect = defect(fault);
                        injected += (int) plan.injected();
                        if (defect != null) {
                            defects.add(fault + ": " + defect);
                            System.out.println("DEFECT " + name + " " + fault + ": " + defect);
                        }
                    }
                }
            }
        }
        outcomes.forEach((what, count) -> System.out.println("  " + count + " " + what));
        System.out.printf("%s: %d faults, %d defects%n", name, injected, defects.size());
        assertEquals("", String.join("\n", defects));
    }

    private String[] arguments(String name) throws IOException {
        return (switch (name) {
            case "bench" -> "bench --connections 3 --duration 1 --warm-up 0 --port " + programs.port();
            case "send --to" -> "send " + Files.write(programs.files.resolve("0"), new byte[300_000])
                + " --to 127.0.0.1 --port " + programs.port();
            case "watch" -> "watch --every 1 --count 2";
            default -> name;
        }).split(" ");
    }

    /** Runs the program with one fault, or none; returns the defect, or null. */
    private String defect(Fault fault) throws Exception {
        Program program = programs.start(arguments);
        int status = 0;
        Loop.until("listens or ends", () -> service != null && program.output().contains(" on ")
            || !program.process().isAlive());
        if (program.process().isAlive()) {
            try {
                service.visit(program.port());
            } catch (IOException e) {
                service.visit(program.port()); // the fault may have cost the first connection
            }
            program.process().destroyForcibly().waitFor();
        } else {
            status = program.process().exitValue();
        }
        String output = program.output();
        boolean failed = status > 0 || output.contains("Exception") || output.contains("Error");
        if (fault == null) {
            return failed ? output : null;
        }
        outcomes.merge(!failed ? "absorbed" : status > 0 ? "reported, and ended" : "reported", 1, Integer::sum);
        return !failed || !output.contains("\tat ") && output.contains("errno " + fault.errno())
            && fault.names().stream().anyMatch(output::contains) ? null : "status " + status + ", " + output;
    }
}
