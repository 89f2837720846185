package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.examples.Main;
import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import me.tongfei.progressbar.ProgressBar;
import org.HdrHistogram.Histogram;
import org.jline.terminal.Terminal;
import picocli.CommandLine;

/** Runs installed programs and the examples as child processes, and terminates them when closed. */
public final class Programs implements AutoCloseable {
    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static Path library;

    private final Path directory;
    private final Path classes;
    private final Deque<Process> running = new ArrayDeque<>();
    private int outputs;

    /** A child process, and the file that its output and errors go to. */
    public record Program(Process process, Path outputFile) {
        private static final Pattern PORT =
            Pattern.compile("(?:on port |on (?:http://)?127\\.0\\.0\\.1:)(\\d+)\\b.*\\R");

        /** {@return what it has printed, with {@code \n} at the ends of lines} */
        public String output() throws IOException {
            return Files.readString(outputFile).replace(System.lineSeparator(), "\n");
        }

        /** Waits until the output contains a text. */
        public void awaitOutput(String text) throws IOException {
            try {
                Loop.until("printed: " + text, () -> output().contains(text) || !process.isAlive());
            } finally {
                assertTrue(output().contains(text), output());
            }
        }

        /** Waits until an example listens, and returns the port that it has printed. */
        public int port() throws IOException {
            Loop.until("listening", () -> PORT.matcher(output()).find() || !process.isAlive());
            Matcher m = PORT.matcher(output());
            assertTrue(m.find(), output());
            return Integer.parseInt(m.group(1));
        }

        /** Returns a size of the process by its name in proc_pid_status(5), such as {@code VmData}, in bytes. */
        public long bytes(String size) throws IOException {
            requireFile("/proc/self/status");
            String status = Files.readString(Path.of("/proc/" + process.pid() + "/status"));
            Matcher m = Pattern.compile(size + ":\\s+(\\d+) kB").matcher(status);
            assertTrue(m.find(), status);
            return Long.parseLong(m.group(1)) << 10;
        }

        public Duration cpu() {
            return process.info().totalCpuDuration().orElseThrow();
        }

        /** Waits until the program is idle for a while, which it never is if it spins. */
        public void assertIdle() throws IOException {
            assertTrue(process.isAlive(), output());
            Loop.until("resting", () -> {
                Duration before = cpu();
                long start = System.nanoTime();
                Loop.until("a while", () -> System.nanoTime() - start > 400_000_000);
                return cpu().minus(before).compareTo(Duration.ofMillis(50)) < 0;
            });
            assertTrue(process.isAlive(), output());
        }

        /** Waits until the program listens on a port. */
        public void awaitListening(int port) throws IOException {
            Loop.until("listening", () -> {
                assertTrue(process.isAlive(), output());
                return listens(port);
            });
        }

        /** Waits for the end, and returns the exit code. */
        public int end() throws IOException {
            try {
                assertTrue(process.waitFor(Loop.LONG.toSeconds(), TimeUnit.SECONDS), "it hangs: " + output());
                return process.exitValue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** Sends a signal to the process. */
        public void signal(String name) throws IOException {
            requireSignals();
            assumeFalse(ignored(name),
            "SIG" + name + " is ignored, as under nohup, and so in the processes that this JVM starts");
            Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
            assertEquals(0, kill.onExit().join().exitValue());
        }

        private static boolean ignored(String name) throws IOException {
            Integer number = Map.of("HUP", 1, "INT", 2, "TERM", 15).get(name);
            Path status = Path.of("/proc/self/status");
            if (number == null || !Files.exists(status)) {
                return false;
            }
            try (Stream<String> lines = Files.lines(status)) {
                return lines.filter(line -> line.startsWith("SigIgn:"))
                    .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) >> number - 1 & 1) != 0);
            }
        }

        /** Limits the process to the given number of descriptors in addition to those that are open. */
        public void leaveDescriptors(int more) throws IOException {
            Set<String> open = Set.of(new File("/proc/" + process.pid() + "/fd").list());
            int limit = 0;
            for (int free = 0; free < more || open.contains(Integer.toString(limit)); limit++) {
                free += open.contains(Integer.toString(limit)) ? 0 : 1;
            }
            limit("nofile", limit);
        }

        /** Sets a limit, named as in prlimit(1). */
        public void limit(String resource, long limit) throws IOException {
            Process prlimit = new ProcessBuilder(MissingPrograms.require("prlimit").toString(), "--pid",
                "" + process.pid(), "--" + resource + "=" + limit + ":").inheritIO().start();
            assertEquals(0, prlimit.onExit().join().exitValue());
        }
    }

    public Programs(Path directory) {
        this(directory, null);
    }

    /** Runs examples with the classes of the library in a folder instead of {@link #library}. */
    public Programs(Path directory, Path classes) {
        this.directory = directory;
        this.classes = classes;
    }

    /** Skips a test that needs a file of the system, such as one of /proc, where there is none. */
    public static void requireFile(String path) {
        assumeTrue(!Systems.WINDOWS && Files.exists(Path.of(path)), "this system has no " + path); // Wine shows others
    }

    /** Skips a test that sends signals where a process cannot handle any. */
    public static void requireSignals() {
        assumeTrue(ProcessHandle.current().supportsNormalTermination(), "this system has no signals");
    }

    /** Skips the test if a program is not installed. */
    public static void require(String... names) {
        for (String name : names) {
            MissingPrograms.require(name);
        }
    }

    /** The system calls that transfer bytes of sockets, for strace(1). */
    public static final String MOVES = "splice,recvfrom,recvmsg,sendto,sendmsg,readv,writev";

    /** Asserts that a trace has exactly the calls of one burst: in, out, and one that would block. */
    public static void assertOneBurst(int size, String trace) {
        String moved = "[^\\n]*splice\\([^\\n]*= " + size + "\\n";
        String calls = trace.replaceAll("(?m)^strace: .*\\n", ""); // without its own messages
        assertTrue(calls.matches(moved + moved + "[^\\n]*= -1 EAGAIN [^\\n]*\\n"), trace);
    }

    /** Returns a port without a listener, outside of the range from which the system assigns ports. */
    public static int freePort() throws IOException {
        for (;;) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 32_000);
            try (ServerSocket server = new ServerSocket(port, 1, Loop.V4)) {
                return server.getLocalPort();
            } catch (BindException e) {
                // in use
            }
        }
    }

    public Program start(String... command) throws IOException {
        if (!command[0].equals(JAVA)) {
            Behaviour.PROGRAMS_ARE_OTHERS.skip();
        }
        Path output = directory.resolve("output-" + outputs++);
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true)
            .redirectOutput(output.toFile());
        builder.environment().put("MALLOC_ARENA_MAX", "1"); // one heap for all threads
        if (Systems.WINDOWS) {
            builder.environment().remove("TERM"); // where it is set, picocli takes the output for a terminal
        }
        Process process = builder.start();
        running.push(process);
        process.getOutputStream().close();
        return new Program(process, output);
    }

    /** Starts a server, and waits until it listens. */
    public Program serve(int port, String... command) throws IOException {
        Program program = start(command);
        program.awaitListening(port);
        return program;
    }

    private static boolean listens(int port) throws IOException {
        try (Socket socket = new Socket(Loop.V4, port)) {
            return socket.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }

    /** Runs a program, which must succeed, and returns its output. */
    public String run(String... command) throws IOException {
        Program program = start(command);
        assertEquals(0, program.end(), () -> String.join(" ", command) + ": " + unchecked(program));
        return program.output();
    }

    private static String unchecked(Program program) {
        try {
            return program.output();
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Starts an example. */
    public Program example(String... arguments) throws IOException {
        return example(List.of(), Main.class, arguments);
    }

    /** Starts a main class with options for the JVM; later ones override earlier ones. */
    public Program example(List<String> options, Class<?> main, String... arguments) throws IOException {
        return start(exampleCommand(options, main, arguments));
    }

    /** Returns the command line for {@link #example}. */
    public String[] exampleCommand(List<String> options, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("-Xmx64m"));
        command.addAll(options);
        command.addAll(List.of("-cp", Stream.of(classes == null ? library() : classes,
            Child.BASE.resolve("target/test-classes"), jar(CommandLine.class), jar(ProgressBar.class),
            jar(Histogram.class), jar(Terminal.class)).map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)), main.getName()));
        command.addAll(List.of(arguments));
        return javaCommand(command);
    }

    /** Returns the command line for a JVM with arguments. */
    public static String[] javaCommand(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(JAVA, "--enable-native-access=ALL-UNNAMED"));
        command.addAll(Systems.CHILD_OPTIONS);
        command.addAll(arguments);
        return command.toArray(String[]::new);
    }

    /** Returns the jar of the library. The JVM keeps a jar open, so its classes load without a further descriptor. */
    public static synchronized Path library() throws IOException {
        if (library == null) {
            Path jar = Files.createTempFile("library", ".jar");
            jar.toFile().deleteOnExit();
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                    Stream<Path> all = Files.walk(Child.CLASSES)) {
                for (Path file : all.filter(Files::isRegularFile).toList()) {
                    out.putNextEntry(new JarEntry(Child.CLASSES.relativize(file).toString()
                        .replace(File.separatorChar, '/')));
                    Files.copy(file, out);
                }
            }
            library = jar;
        }
        return library;
    }

    private static Path jar(Class<?> of) {
        return Path.of(URI.create(of.getProtectionDomain().getCodeSource().getLocation().toString()));
    }

    /** Kills the programs that still run: a server that its client floods, or without events, would not terminate. */
    public void kill() {
        running.forEach(Process::destroyForcibly);
    }

    /** Terminates the programs that still run, in reverse order of their start. */
    @Override
    public void close() {
        while (!running.isEmpty()) {
            Process process = running.pop();
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
            try {
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly().onExit().join();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
