package io.panamio.bench.rig;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A contender's process and its children, which can be stopped and resumed. Its log is NAME.log in {@link #DIRECTORY}.
 */
public final class Server implements AutoCloseable {
    /** The directory of logs and compiled programs. */
    public static final Path DIRECTORY = Path.of("target", "bench");

    private static final long START_NANOS = 60_000_000_000L; // on a busy machine
    private static final long QUIET_NANOS = 1_000_000_000L;
    private static final int END_SECONDS = 2;
    private static final int LOOK_MILLIS = 20;
    private static final long STILL_NANOS = 300_000; // an idle JVM wakes up occasionally

    private final Contender contender;
    private final InetSocketAddress address;
    private final Path log;
    private final Process process;
    private final BufferedReader answers;

    /** Starts the server, prefixed by a command that pins it. */
    public Server(Contender contender, List<String> pin) throws IOException, InterruptedException {
        this.contender = contender;
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        try (ServerSocket free = new ServerSocket(0, 1, loopback)) {
            address = new InetSocketAddress(loopback, free.getLocalPort());
        }
        log = Files.createDirectories(DIRECTORY).resolve(contender.name() + ".log");
        List<String> command = new ArrayList<>(pin);
        command.addAll(contender.command(address.getPort()));
        process = new ProcessBuilder(command).redirectError(log.toFile()).start();
        answers = process.inputReader();
    }

    /** Returns the contender. */
    public Contender contender() {
        return contender;
    }

    /** Returns the address that it listens on. */
    public InetSocketAddress address() {
        return address;
    }

    /** Waits until it accepts connections. */
    public void awaitStart() throws IOException, InterruptedException {
        long end = System.nanoTime() + START_NANOS;
        while (process.isAlive() && System.nanoTime() < end) {
            try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
                return;
            } catch (IOException e) {
                Thread.sleep(50);
            }
        }
        String why = process.isAlive() ? "it does not listen" : "it ended with " + process.exitValue();
        throw new IOException(Files.readString(log).lines().findFirst().orElse(why));
    }

    /** Stops it until {@link #resume}. */
    public void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Resumes it. */
    public void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + ids(" ")).inheritIO().start().waitFor();
    }

    /** Returns the ids of its processes. */
    String ids(String separator) {
        return processes().map(one -> Long.toString(one.pid())).collect(Collectors.joining(separator));
    }

    private Stream<ProcessHandle> processes() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants());
    }

    /**
     * Returns the time that all its threads have spent running, and waiting for a processor, in nanoseconds. It comes
     * from the scheduler (schedstat), which is exact for sleeping threads; threads that have ended are not included.
     */
    public Clock clock() throws IOException {
        long ran = 0;
        long waited = 0;
        for (ProcessHandle one : processes().toList()) {
            try (var threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(one.pid()), "task"))) {
                for (Path thread : threads) {
                    try {
                        String[] fields = Files.readString(thread.resolve("schedstat")).split("\\s+");
                        ran += Long.parseLong(fields[0]);
                        waited += Long.parseLong(fields[1]);
                    } catch (NoSuchFileException e) {
                        // the thread has just ended
                    }
                }
            }
        }
        return new Clock(ran, waited);
    }

    /** Returns its clock once it is idle, as its clients are closed; or after one second. */
    public Clock clockWhenQuiet() throws IOException, InterruptedException {
        long end = System.nanoTime() + QUIET_NANOS;
        for (Clock last = clock();;) {
            Thread.sleep(LOOK_MILLIS);
            Clock now = clock();
            if (now.ran - last.ran < STILL_NANOS || System.nanoTime() > end) {
                return now;
            }
            last = now;
        }
    }

    /** See {@link #clock}. */
    public record Clock(long ran, long waited) {
    }

    /** Returns the bytes of heap that it has allocated so far; NaN if it has no Java heap. */
    public double allocated() throws IOException {
        if (!contender.isJava()) {
            return Double.NaN;
        }
        process.outputWriter().write('\n');
        process.outputWriter().flush();
        for (String line; (line = answers.readLine()) != null;) {
            if (line.startsWith(Allocations.ANSWER)) {
                return Long.parseLong(line.substring(Allocations.ANSWER.length()));
            }
        }
        throw new IOException("the server has ended");
    }

    /** Terminates it and its children, even if stopped. */
    @Override
    public void close() {
        List<ProcessHandle> children = process.descendants().toList();
        try {
            if (!children.isEmpty()) { // it must reap them
                resume();
                process.destroy();
                process.waitFor(END_SECONDS, TimeUnit.SECONDS);
            }
        } catch (IOException | InterruptedException e) {
            System.err.println(contender + ": " + e);
        } finally {
            process.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
