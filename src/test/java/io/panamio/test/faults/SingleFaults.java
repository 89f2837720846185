package io.panamio.test.faults;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.Poll;
import io.panamio.net.UnixStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Lets each call of each scenario fail with each of its errors, one at a time; or, if PANAMIO_FAULTS_MODE is "short" in
 * the environment, cuts each transfer of a stream to a byte. Prints what it injected and the defects that it found;
 * exits with status 1 if there is one. Arguments: the table of errors, at most how many calls of a function fail in
 * each scenario, and which scenarios.
 */
final class SingleFaults {
    /**
     * Errors that are answers: that the socket of a file lives, that the pipe of a notification is full, that no
     * completion has arrived.
     */
    private static final Set<String> MISLEADING = Set.of("UNIX connect EPROTOTYPE", "WAKE write EAGAIN",
        "ZERO_COPY recvmsg EAGAIN");
    private static final long TOO_LONG = 120_000_000_000L;

    private final Plan plan = Plan.own();
    private final ErrorTable errors;
    private final long most;
    private final Map<String, List<String>> defects = new LinkedHashMap<>();
    private final Map<String, Integer> outcomes = new TreeMap<>();
    private Poll poll;
    private UnixStream[] others;
    private int seed;
    private long injected;
    private volatile String current = "";
    private volatile long since = System.nanoTime();

    private SingleFaults(Path table, long most) throws IOException {
        this.most = most;
        errors = new ErrorTable(table);
        open();
    }

    public static void main(String[] args) throws Exception {
        SingleFaults faults = new SingleFaults(Path.of(args[0]),
            args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE);
        List<String> only = args.length > 2 ? List.of(args[2].split(",")) : List.of();
        Thread watch = Thread.ofPlatform().daemon().start(faults::watch);
        boolean cut = faults.plan.cuts();
        for (boolean level : new boolean[] {false, true}) {
            for (Scenario scenario : Scenario.values()) {
                if (!scenario.isAvailable() || !only.isEmpty() && !only.contains(scenario.name())) {
                    continue;
                }
                if (!cut) {
                    faults.all(scenario, level);
                } else if (level || Feature.EDGES.support() != Support.SUPPORTED) {
                    faults.cut(scenario, level);
                }
            }
        }
        watch.interrupt();
        System.exit(faults.report() ? 0 : 1);
    }

    /** Ends the process if a run never ends. */
    private void watch() {
        try {
            for (;;) {
                Thread.sleep(1000);
                if (System.nanoTime() - since > (plan.cuts() ? 10 : 1) * TOO_LONG) {
                    System.out.println("HANGS: " + current);
                    Thread.getAllStackTraces().forEach((t, s) -> System.out.println(t + " " + Arrays.toString(s)));
                    Runtime.getRuntime().halt(2);
                }
            }
        } catch (InterruptedException e) {
            return;
        }
    }

    /** Opens what must live on: a Poll, and a connection that is registered with it. */
    private void open() throws IOException {
        poll = Poll.open();
        others = UnixStream.pair();
    }

    // ---- the faults

    private void all(Scenario scenario, boolean level) throws IOException {
        for (int i = 0; i < 3; i++) { // loads the classes
            clean(scenario, level);
        }
        long[] before = plan.calls();
        clean(scenario, level);
        long[] after = plan.calls();
        long start = System.nanoTime();
        long first = injected;
        for (int f = 0; f < after.length; f++) {
            String function = plan.functions.get(f);
            for (long n = 1; n <= Math.min(most, after[f] - before[f]); n++) {
                for (Fault fault : errors.faults(function, n, level)) {
                    if (!MISLEADING.contains(scenario + " " + function + " " + fault.error())) {
                        single(scenario, level, f, fault);
                    }
                }
            }
        }
        System.out.printf("%s %s: %d faults, %d ms%n", scenario, level ? "levels" : "edges", injected - first,
            (System.nanoTime() - start) / 1_000_000);
    }

    /** Runs a scenario with every transfer of a stream cut to a byte. With edges, that would mean a drained stream. */
    private void cut(Scenario scenario, boolean level) throws IOException {
        current = scenario + " cut";
        since = System.nanoTime();
        long before = plan.injected();
        try (Run run = new Run(poll, plan, null, level, seed++)) {
            scenario.run(run);
        } catch (RuntimeException | IOException e) {
            defects.put(scenario + (level ? " levels" : " edges"), List.of());
            System.out.println("DEFECT " + scenario + ": " + e + at(e));
        }
        long cuts = plan.injected() - before;
        injected += cuts;
        System.out.printf("%s %s: %d cuts, %d ms%n", scenario, level ? "levels" : "edges", cuts,
            (System.nanoTime() - since) / 1_000_000);
    }

    private void clean(Scenario scenario, boolean level) throws IOException {
        plan.fail(-1, -1, 0);
        since = System.nanoTime();
        try (Run run = new Run(poll, plan, null, level, seed++)) {
            scenario.run(run);
        } catch (Run.Defect e) {
            throw new AssertionError(scenario + " fails without a fault", e);
        } finally {
            plan.stop();
        }
    }

    private void single(Scenario scenario, boolean level, int function, Fault fault) throws IOException {
        String key = scenario + (level ? " levels " : " edges ") + fault.function() + " " + fault.error();
        List<String> known = defects.getOrDefault(key, List.of());
        if (known.size() >= 3) {
            return;
        }
        current = key + " " + fault.nth();
        since = System.nanoTime();
        Set<String> fds = descriptors();
        long mapped = plan.mapped();
        long allocated = plan.allocated();
        Throwable failure = null;
        Throwable defect = null;
        plan.fail(function, fault.nth(), fault.errno());
        try (Run run = new Run(poll, plan, fault, level, seed++)) {
            try {
                scenario.run(run);
            } finally {
                failure = run.failure();
            }
        } catch (Run.Defect | IllegalStateException | AssertionError | UnsupportedOperationException e) {
            defect = e;
        } catch (IOException e) {
            defect = e;
        }
        plan.stop();
        boolean happened = plan.injected() > 0;
        injected += happened ? 1 : 0;
        outcomes.merge(!happened ? "not reached" : failure == null ? "no failure" : "failure", 1, Integer::sum);
        if (happened && failure == null && defect == null) {
            outcomes.merge("  absorbed " + fault.function() + " " + fault.error(), 1, Integer::sum);
        }
        if (defect == null) {
            defect = leak(fds, mapped, allocated, fault);
        }
        if (defect == null) {
            defect = othersFail();
        }
        if (defect != null) {
            Throwable cause = defect.getCause();
            String how = "call " + fault.nth() + ": " + defect + (cause == null ? "" : " <- " + cause) + at(defect)
                + (cause == null ? "" : at(cause));
            defects.computeIfAbsent(key, k -> new ArrayList<>()).add(how);
            System.out.println("DEFECT " + key + ", " + how);
            poll.close();
            others[0].close();
            others[1].close();
            open();
        }
    }

    private static String at(Throwable t) {
        StringBuilder s = new StringBuilder();
        Arrays.stream(t.getStackTrace()).filter(e -> e.getClassName().startsWith("io.panamio")).limit(8)
            .forEach(e -> s.append("\n        ").append(e));
        return s.append("\n").toString();
    }

    // ---- afterwards

    private static Set<String> descriptors() {
        return Set.of(new File("/proc/self/fd").list());
    }

    private Throwable leak(Set<String> fds, long mapped, long allocated, Fault fault) throws IOException {
        poll.pollNow(io.panamio.Events.withCapacity(16)); // frees what belongs to this thread
        List<String> left = new ArrayList<>();
        for (String fd : descriptors()) {
            if (!fds.contains(fd)) {
                try {
                    left.add(fd + " " + Files.readSymbolicLink(Path.of("/proc/self/fd", fd)));
                } catch (IOException e) {
                    continue; // that of the listing itself
                }
            }
        }
        left.removeIf(fd -> fd.endsWith(".jar") || fd.endsWith(".class") || fd.endsWith("/fd"));
        if (fault.function().equals("shm_unlink")) {
            return null; // the name remains, for which the double keeps a descriptor
        }
        if (!left.isEmpty()) {
            return new Run.Defect("leaks " + left, null);
        }
        if (plan.mapped() != mapped && !fault.function().equals("munmap")) {
            return new Run.Defect("leaks " + (plan.mapped() - mapped) + " mapped bytes", null);
        }
        return plan.allocated() == allocated ? null
            : new Run.Defect("leaks " + (plan.allocated() - allocated) + " blocks", null);
    }

    /** The connection that lives on still gets its events. */
    private Throwable othersFail() {
        try (Run run = new Run(poll, plan, null, false, seed++)) {
            int to = run.register(others[0], Connections.RW);
            int from = run.register(others[1], Connections.RW);
            run.all(new Pump(run, others[0], to, others[1], from, Pump.Memory.NATIVE, 100),
                new Pump(run, others[1], from, others[0], to, Pump.Memory.NATIVE, 100));
            poll.registry().deregister(others[0]);
            poll.registry().deregister(others[1]);
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Run.Defect e) {
            return new Run.Defect("afterwards another connection: " + e.getMessage(), e);
        }
    }

    private boolean report() {
        outcomes.forEach((what, count) -> System.out.println(count + " " + what));
        System.out.println(injected + " faults injected, " + defects.size() + " kinds of defects");
        return defects.isEmpty();
    }
}
