package io.panamio.examples.linux;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.Source;
import io.panamio.SourceFd;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** One event loop for timers, directories, processes, signals and another Poll. */
@Command(name = "watch", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Waits in one event loop for a timer, a directory, a process and a signal (Linux), and prints a "
        + "line for each event, until the process has ended or --count lines are printed.",
    footer = {"", "A signal that is sent to a process goes to any of its threads that does not block it, and a JVM has "
        + "many from the start. So --signal needs a JVM that was started with the signal blocked:",
        "  env --block-signal=USR1 java -jar panamio-examples.jar watch --signal 10",
        "Otherwise it is refused. The signals that the JVM uses (1 HUP, 2 INT, 3 QUIT, 12 USR2, 15 TERM) "
        + "cannot be watched."})
public final class Watch implements Callable<Integer> {
    @Option(names = "--every", paramLabel = "MILLISECONDS", description = "A timer: timerfd_create(2).")
    private Long every;

    @Option(names = "--inner", description = "Watch the timer in a Poll within this one. Needs epoll.")
    private boolean inner;

    @Option(names = "--directory", paramLabel = "PATH", description = "Changes in a directory: inotify(7). "
        + "Names are escaped as by ls -b.")
    private Path directory;

    @Option(names = "--pid", paramLabel = "PID", description = "The end of a process: pidfd_open(2).")
    private Long pid;

    @Option(names = "--signal", paramLabel = "NUMBER", description = "A signal: signalfd(2); see below.")
    private Integer signal;

    @Option(names = "--count", defaultValue = "" + Long.MAX_VALUE, paramLabel = "N", showDefaultValue =
        picocli.CommandLine.Help.Visibility.NEVER, description = "Exit after this many lines (default: never).")
    private long count;

    @Spec
    private CommandSpec spec;

    /** Prints the lines of an event. */
    private interface Report {
        void print() throws IOException;
    }

    /** The reports, indexed by token. */
    private final List<Report> reports = new ArrayList<>();
    private final List<AutoCloseable> closeables = new ArrayList<>();
    private PrintWriter out;
    private long lines;
    private boolean ended;

    @Override
    public Integer call() throws Exception {
        String system = System.getProperty("os.name");
        if (!system.equals("Linux")) {
            throw new UnsupportedOperationException("timerfd, inotify, pidfd and signalfd exist only on Linux; this is "
                + system);
        }
        require(every != null || directory != null || pid != null || signal != null,
            "nothing to watch: specify --every, --directory, --pid or --signal");
        require(every == null || every >= 1, "--every: at least 1");
        require(!inner || every != null, "--inner: needs --every");
        require(pid == null || pid >= 1 && pid <= Integer.MAX_VALUE, "--pid: at least 1");
        require(signal == null || signal >= 1 && signal <= 64, "--signal: from 1 to 64");
        require(count >= 1, "--count: at least 1");
        out = spec.commandLine().getOut();
        try (Poll poll = later(Poll.open())) {
            watchAll(poll);
            Events events = Events.withCapacity(16);
            while (lines < count && !ended && !System.out.checkError()) { // an error: the reader has closed
                int n = poll.poll(events);
                for (int i = 0; i < n; i++) {
                    reports.get((int) events.token(i)).print();
                }
            }
            return 0;
        } finally {
            for (AutoCloseable c : closeables) {
                c.close();
            }
        }
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private <C extends AutoCloseable> C later(C c) {
        closeables.add(0, c);
        return c;
    }

    private void watchAll(Poll poll) throws IOException {
        if (every != null) {
            TimerFd timer = later(new TimerFd(Duration.ofMillis(every)));
            Report report = () -> {
                for (long n; (n = timer.expirations()) > 0;) { // until 0: only then does an event report the next ones
                    line("timer      %,d expiration(s)", n);
                }
            };
            if (inner) {
                watchInner(poll, timer, report);
            } else {
                watch(poll, timer.source(), report);
            }
        }
        if (directory != null) {
            Inotify changes = later(new Inotify(directory));
            watch(poll, changes.source(), () -> {
                for (Inotify.Change change : changes.changes()) {
                    line("directory  %s %s", change.what(), escaped(change.name(), System.out.charset()));
                }
            });
        }
        if (pid != null) {
            PidFd process = later(new PidFd(pid));
            watch(poll, process.source(), () -> {
                if (process.hasEnded()) {
                    line("process    %d has ended", pid);
                    ended = true;
                }
            });
        }
        if (signal != null) {
            watchSignal(poll);
        }
    }

    private void watchSignal(Poll poll) throws IOException {
        if (!SignalFd.isBlocked(signal)) {
            throw new IOException("--signal: this JVM was not started with signal " + signal + " blocked; see --help");
        }
        SignalFd signals = later(new SignalFd(signal));
        watch(poll, signals.source(), () -> {
            for (int sender; (sender = signals.sender()) >= 0;) {
                line("signal     %d from process %d", signal, sender);
            }
        });
    }

    /** Watches the timer in an inner Poll, whose descriptor is readable while it has events. */
    private void watchInner(Poll poll, TimerFd timer, Report report) throws IOException {
        Poll within = later(Poll.open());
        Events events = Events.withCapacity(1);
        within.registry().register(timer.source(), 0, Interest.READABLE);
        watch(poll, later(new SourceFd(descriptor(within))), () -> {
            while (within.pollNow(events) > 0) {
                report.print();
            }
        });
    }

    private static int descriptor(Poll poll) throws IOException {
        try {
            return poll.fd();
        } catch (UnsupportedOperationException e) {
            throw new IOException("--inner: " + e.getMessage(), e);
        }
    }

    private void watch(Poll poll, Source source, Report report) throws IOException {
        poll.registry().register(source, reports.size(), Interest.READABLE);
        reports.add(report);
    }

    /**
     * Returns a name on a single line, escaped as by GNU {@code ls -b}: with the escapes of C, in octal for bytes that
     * have none or that the charset cannot encode, and a backslash before blanks and backslashes.
     */
    static String escaped(Path name, Charset charset) {
        byte[] bytes = SystemCalls.bytes(name);
        CharsetEncoder encoder = charset.newEncoder();
        StringBuilder escaped = new StringBuilder();
        for (int at = 0, length; at < bytes.length; at += length) {
            int leading = Integer.numberOfLeadingZeros(~bytes[at] << 24); // of ones: the length in UTF-8
            length = Math.clamp(leading, 1, bytes.length - at);
            String c = new String(bytes, at, length, StandardCharsets.UTF_8);
            boolean isText = c.codePointCount(0, c.length()) == 1
                && Arrays.equals(c.getBytes(StandardCharsets.UTF_8), Arrays.copyOfRange(bytes, at, at + length));
            length = isText ? length : 1;
            int letter = "\u0007\b\t\n\u000B\f\r".indexOf(c);
            if (letter >= 0) {
                escaped.append('\\').append("abtnvfr".charAt(letter));
            } else if (c.equals(" ") || c.equals("\\")) {
                escaped.append('\\').append(c);
            } else if (isText && isPrintable(c.codePointAt(0)) && encoder.canEncode(c)) {
                escaped.append(c);
            } else {
                for (int i = at; i < at + length; i++) {
                    escaped.append('\\').append(Integer.toOctalString(bytes[i] & 0xFF | 01000), 1, 4);
                }
            }
        }
        return escaped.toString();
    }

    /** Returns whether a character is visible and does not affect its neighbours. */
    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }

    private void line(String format, Object... arguments) {
        if (lines++ < count) {
            out.printf(Locale.ROOT, format + "%n", arguments);
            out.flush();
        }
    }
}
