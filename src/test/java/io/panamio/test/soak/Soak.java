package io.panamio.test.soak;

import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The program that {@code src/test/soak} runs. */
@Command(name = "soak", mixinStandardHelpOptions = true, sortOptions = false, description = "Uses everything at once: "
    + "connections that end in every way, TLS, Unix sockets, pipes, datagrams, registrations and closes by other "
    + "threads, wakes, timers, virtual threads. Checks every byte, and fails if heap, memory, descriptors, mappings, "
    + "threads or the latency of a wake rise in the second half.")
public final class Soak implements Callable<Integer> {
    @Option(names = "--seconds", defaultValue = "30", paramLabel = "N",
        description = "At least (${DEFAULT-VALUE}), and until every kind of call was made.")
    int seconds;

    @Option(names = "--calls", defaultValue = "0", paramLabel = "N",
        description = "The least number of calls of the library, without those of timers (${DEFAULT-VALUE}).")
    long calls;

    @Option(names = "--interval", defaultValue = "0", paramLabel = "MILLISECONDS",
        description = "Of the samples; 0 is a hundredth of the time (${DEFAULT-VALUE}).")
    long interval;

    @Option(names = "--loops", defaultValue = "2", paramLabel = "N", description = "Event loops (${DEFAULT-VALUE}).")
    int loops;

    @Option(names = "--sessions", defaultValue = "24", paramLabel = "N",
        description = "At once in each loop, and half as many virtual threads (${DEFAULT-VALUE}).")
    int sessions;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Of the bytes (${DEFAULT-VALUE}).")
    long seed;

    @Option(names = "--patience", defaultValue = "1800", paramLabel = "SECONDS",
        description = "After how long a connection that has not ended has lost an event (${DEFAULT-VALUE}).")
    int patience;

    @Option(names = "--leak", split = ",", paramLabel = "WHAT",
        description = "What is leaked on purpose, to see that it is found: ${COMPLETION-CANDIDATES}.")
    Set<Run.Leak> leaks = Set.of();

    @Option(names = "--csv", defaultValue = "target/soak.csv", paramLabel = "FILE",
        description = "Where to write the samples (${DEFAULT-VALUE}).")
    Path csv;

    /** Of the last run. */
    Run run;
    private Sampler sampler;

    /** Runs the soak. */
    public static void main(String... args) {
        System.exit(new CommandLine(new Soak()).setOverwrittenOptionsAllowed(true).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        NativeFds.Opened opened = new NativeFds.Opened();
        soak(opened);
        if (run.failure() != null) {
            throw new AssertionError("seed " + seed + ": " + run.calls, run.failure());
        }
        System.out.printf(Locale.ROOT, "%,d calls (%s), %,d sessions, %,d bytes checked, %d samples in %s%n",
            run.calls.sum(), run.calls, run.sessions.sum(), run.bytes.sum(), sampler.count(), csv);
        sampler.verdict().forEach(System.out::println);
        if (leaks.isEmpty()) {
            Loop.until("all descriptors closed", () -> opened.count() == 0); // the poller's last one a little later
        }
        return sampler.rises() ? 1 : 0;
    }

    void soak(NativeFds.Opened opened) throws Exception {
        Tls.client(); // makes the certificates, which takes seconds
        run = new Run(seed, Duration.ofSeconds(patience), leaks);
        Others others = new Others(run);
        Thread other = Thread.ofPlatform().daemon().start(others);
        List<Thread> threads = new ArrayList<>();
        List<SoakLoop> opens = new ArrayList<>();
        for (int i = 0; i < loops; i++) {
            threads.add(start(others, i, opens));
        }
        Threads virtual = new Threads(run, sessions / 2);
        try (virtual; Wakes wakes = new Wakes(run, opens)) {
            threads.add(Thread.ofPlatform().daemon().start(wakes));
            sampler = new Sampler(run, opens, wakes, opened);
            long start = System.nanoTime();
            long end = start + TimeUnit.SECONDS.toNanos(seconds);
            long pause = interval > 0 ? interval : Math.max(seconds * 10L, 50);
            while (!run.isOver() && (System.nanoTime() < end || run.calls.sum() < calls || run.calls.lackOne())) {
                threads.get(0).join(Duration.ofMillis(pause)); // ends only after a failure
                sampler.sample();
                sampler.write(csv); // a long run can be watched
            }
            run.end();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        others.end();
        other.join();
    }

    /** Starts a loop, and waits until it is open. */
    private Thread start(Others others, int number, List<SoakLoop> opens) throws IOException, InterruptedException {
        CountDownLatch opened = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                SoakLoop loop = new SoakLoop(run, others, number, sessions);
                opens.add(loop);
                opened.countDown();
                loop.run();
            } catch (IOException | RuntimeException | Error e) {
                run.failed(e);
                opened.countDown();
            }
        });
        opened.await();
        if (run.failure() != null) {
            throw new IOException("cannot open a loop", run.failure());
        }
        return thread;
    }
}
