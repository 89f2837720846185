package io.panamio.test.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.test.support.Background;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs.Program;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each call of the example programs fails with each of its errors while clients come and go: at most one of them fails.
 * The first call of each function by {@code echo}; with {@code panamio.test.faults} the first
 * <i>n</i> calls by every program, see {@code src/test/faults/run programs}.
 */
class ProgramsUnderFaultsTest {
    static final int MOST = Integer.getInteger("panamio.test.faults", 0);
    /** Connections that stay, besides one whose output waits. */
    private static final int CLIENTS = 3;
    private static final int VISITS = 2;

    @TempDir
    private Path directory;
    private final List<Client> clients = new ArrayList<>();
    private final Map<String, Integer> outcomes = new TreeMap<>();
    private final Set<String> defects = new LinkedHashSet<>();
    private Service service;
    private FaultyPrograms programs;
    private Plan plan;
    private Program program;
    private int port;
    private int printed;
    /** Whether a defect was found, after which the program is started again. */
    private boolean broken;
    /** The sockets of the program without clients. */
    private long sockets;
    /** The most that it used after the rounds without a fault. */
    private Use most;

    /** What a program uses. */
    private record Use(long sockets, long others, long mapped, long allocated) {
        Use max(Use u) {
            return new Use(Math.max(sockets, u.sockets), Math.max(others, u.others), Math.max(mapped, u.mapped),
                Math.max(allocated, u.allocated));
        }
    }

    private static List<Service> services() {
        return Stream.of(Service.values()).filter(service -> MOST > 0 ? service.isAvailable() : service == Service.ECHO)
            .toList();
    }

    @ParameterizedTest
    @MethodSource("services")
    void aFaultEndsAtMostOneConnection(Service service) throws Exception {
        this.service = service;
        long start = System.nanoTime();
        int injected = 0;
        try (FaultyPrograms faulty = new FaultyPrograms(directory)) {
            programs = faulty;
            plan = faulty.plan;
            start();
            long[] calls = callsOfARound();
            for (int f = 0; f < calls.length; f++) {
                for (long n = 1; n <= Math.min(Math.max(MOST, 1), calls[f]); n++) {
                    for (Fault fault : faulty.errors.faults(plan.functions.get(f), n, false)) {
                        injected += inject(f, fault) ? 1 : 0;
                        if (broken) {
                            start();
                        }
                    }
                }
            }
            program.assertIdle();
        } finally {
            closeAll();
        }
        outcomes.forEach((what, count) -> System.out.println("  " + count + " " + what));
        System.out.printf("%s: %d faults, %d defects, %d s%n", service, injected, defects.size(),
            (System.nanoTime() - start) / 1_000_000_000);
        assertEquals("", String.join("\n", defects));
    }

    private void start() throws Exception {
        closeAll();
        if (program != null) {
            program.process().destroyForcibly().waitFor();
        }
        plan.clear();
        program = programs.start(service.arguments(programs.files, programs.port()));
        port = program.port();
        printed = 0;
        broken = false;
        sockets = use().sockets;
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(service.client(port, true));
        }
        Client slow = service.slow(port);
        if (slow != null) {
            clients.add(slow);
        }
        most = null;
        for (int i = 0; i < 8; i++) { // loads the classes, fills the pools
            List<Throwable> failures = round();
            if (!failures.isEmpty()) {
                throw new AssertionError(service + " fails without a fault: " + program.output(), failures.getFirst());
            }
            Loop.until("settled", () -> use().sockets == expected());
            most = most == null ? use() : use().max(most);
        }
    }

    private long expected() {
        return sockets + (service.hasServer() ? 2 : 1) * clients.size();
    }

    private long[] callsOfARound() throws Exception {
        long[] before = plan.calls();
        assertEquals(List.of(), round());
        long[] calls = plan.calls();
        for (int i = 0; i < calls.length; i++) {
            calls[i] -= before[i];
        }
        return calls;
    }

    private void closeAll() throws IOException {
        for (Client client : clients) {
            client.close();
        }
        clients.clear();
    }

    // ---- rounds

    /** Has an exchange with each client, while others come and go; replaces those that fail. Returns the failures. */
    private List<Throwable> round() throws Exception {
        service.touch(programs.files);
        Map<Client, Future<Void>> exchanges = new LinkedHashMap<>();
        for (Client client : clients) {
            exchanges.put(client, Background.startVirtual(() -> {
                client.exchange();
                return null;
            }));
        }
        List<Future<Void>> visits = new ArrayList<>();
        for (int i = 0; i < VISITS; i++) {
            visits.add(Background.startVirtual(() -> {
                service.visit(port);
                return null;
            }));
        }
        List<Throwable> failures = new ArrayList<>();
        for (Map.Entry<Client, Future<Void>> exchange : exchanges.entrySet()) {
            Throwable failure = failure(exchange.getValue());
            Client client = exchange.getKey();
            if (failure != null) {
                failures.add(failure);
            }
            if (failure != null || client instanceof Client.Receiver receiver && receiver.isDone()) {
                replace(client);
            }
        }
        for (Future<Void> visit : visits) {
            Throwable failure = failure(visit);
            if (failure != null) {
                failures.add(failure);
            }
        }
        return failures;
    }

    private static Throwable failure(Future<Void> task) throws InterruptedException {
        try {
            task.get();
            return null;
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    private void replace(Client client) throws IOException {
        client.close();
        int i = clients.indexOf(client);
        Client slow = i == CLIENTS ? service.slow(port) : null;
        clients.set(i, slow != null ? slow : service.client(port, true));
    }

    // ---- faults

    private boolean inject(int function, Fault fault) throws Exception {
        List<Throwable> failures = new ArrayList<>();
        plan.fail(function, fault.nth(), fault.errno());
        boolean happened = false;
        try {
            failures.addAll(round());
            happened = plan.injected() > 0;
            plan.stop();
            failures.addAll(round());
        } catch (IOException e) {
            happened = plan.injected() > 0;
            failures.add(e); // it does not listen any more
        }
        if (!happened) {
            outcomes.merge("not reached", 1, Integer::sum);
        }
        String defect = defect(fault, failures, happened);
        String news = program.output().substring(printed);
        printed += news.length();
        if (defect == null && misleading(news, fault)) {
            defect = "misleading output";
        }
        if (happened && defect == null) {
            outcomes.merge((failures.isEmpty() ? "absorbed" : "one client failed") + (news.isEmpty() ? "" : ", logged"),
                1, Integer::sum);
        }
        if (defect != null) {
            String kind = fault.function() + " " + fault.error() + ": " + defect;
            if (defects.add(kind)) {
                System.out.println("DEFECT " + service + " " + fault + ": " + defect + "\n" + news.indent(4));
                failures.forEach(Throwable::printStackTrace);
            }
            broken = true;
        }
        return happened;
    }

    private String defect(Fault fault, List<Throwable> failures, boolean happened) throws Exception {
        if (!program.process().isAlive()) {
            return "the program has ended";
        }
        for (Throwable failure : failures) {
            if (failure instanceof SocketTimeoutException) {
                return "a client hangs";
            }
            if (!(failure instanceof IOException)) {
                return failure.toString();
            }
        }
        if (failures.size() > (happened ? 1 : 0)) {
            return failures.size() + " clients failed";
        }
        if (!failures.isEmpty() && fault.error().equals("EINTR")) {
            return "an interruption ended a connection";
        }
        return leak(fault);
    }

    /** Returns whether a message about a failure names another call or error, or is about a defect of the program. */
    private static boolean misleading(String news, Fault fault) {
        return news.lines()
            .filter(line -> line.contains("Exception") || line.contains("Error") || line.contains("\tat "))
            .anyMatch(line -> !line.contains("errno " + fault.errno())
                || fault.names().stream().noneMatch(line::contains));
    }

    /** Returns what the program keeps too much, once it has noticed that the visitors have gone. */
    private String leak(Fault fault) throws IOException {
        long deadline = System.nanoTime() + 5_000_000_000L;
        for (;;) {
            Use use = use();
            // fewer sockets: a client has not yet received all that was sent to it before the close
            if (use.sockets <= expected() && use.others <= most.others + service.pipes(clients.size() + VISITS)
                    && use.allocated <= most.allocated + clients.size() // the output of one more may wait
                    && (use.mapped <= most.mapped || fault.function().equals("munmap"))) {
                return null;
            }
            if (System.nanoTime() > deadline) {
                return "leaks: " + use + ", before at most " + most;
            }
        }
    }

    private Use use() throws IOException {
        Path fds = Path.of("/proc/" + program.process().pid() + "/fd");
        long sockets = 0;
        long others = 0;
        for (String fd : Objects.requireNonNullElse(fds.toFile().list(), new String[0])) {
            try {
                boolean isSocket = Files.readSymbolicLink(fds.resolve(fd)).toString().startsWith("socket:");
                sockets += isSocket ? 1 : 0;
                others += isSocket ? 0 : 1;
            } catch (NoSuchFileException e) {
                continue; // closed meanwhile
            }
        }
        return new Use(sockets, others, plan.mapped(), plan.allocated());
    }
}
