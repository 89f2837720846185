package io.panamio.bench.echo;

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

/** A contender's process, which can be stopped and let go on. Its log is NAME.log beside the results. */
final class Server implements AutoCloseable {
    private static final long START_NANOS = 20_000_000_000L;

    final Contender contender;
    final InetSocketAddress address;
    private final Path log;
    private final Process process;
    private final BufferedReader answers;

    /** Starts it, with a command in front of its own that pins it. */
    Server(Contender contender, List<String> pin) throws IOException, InterruptedException {
        this.contender = contender;
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        try (ServerSocket free = new ServerSocket(0, 1, loopback)) {
            address = new InetSocketAddress(loopback, free.getLocalPort());
        }
        log = Contender.DIRECTORY.resolve(contender.name() + ".log");
        List<String> command = new ArrayList<>(pin);
        command.addAll(contender.command(address.getPort()));
        process = new ProcessBuilder(command).redirectError(log.toFile()).start();
        answers = process.inputReader();
    }

    /** Waits until it takes connections. */
    void awaitStart() throws IOException, InterruptedException {
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

    long pid() {
        return process.pid();
    }

    void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).inheritIO().start().waitFor();
    }

    /**
     * What all its threads have spent, in nanoseconds: running, and waiting for a processor. It is the scheduler's
     * account (schedstat), which is exact for threads that sleep; threads that have ended are not in it.
     */
    Clock clock() throws IOException {
        long ran = 0;
        long waited = 0;
        try (var threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            for (Path thread : threads) {
                try {
                    String[] fields = Files.readString(thread.resolve("schedstat")).split("\\s+");
                    ran += Long.parseLong(fields[0]);
                    waited += Long.parseLong(fields[1]);
                } catch (NoSuchFileException e) {
                    // it has ended just now
                }
            }
        }
        return new Clock(ran, waited);
    }

    /** See {@link #clock}. */
    record Clock(long ran, long waited) {
    }

    /** Bytes of heap that it has allocated so far; NaN if it has no such heap. */
    double allocated() throws IOException {
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

    /** Ends it, stopped or not. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
