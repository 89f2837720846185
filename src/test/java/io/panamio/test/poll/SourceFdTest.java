package io.panamio.test.poll;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Loop.R;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.SourceFd;
import io.panamio.Waker;
import io.panamio.examples.linux.Inotify;
import io.panamio.examples.linux.Inotify.Change;
import io.panamio.examples.linux.Inotify.What;
import io.panamio.examples.linux.PidFd;
import io.panamio.examples.linux.SignalFd;
import io.panamio.examples.linux.TimerFd;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Descriptors other than sockets, with the classes of the examples. */
@Requires(Feature.DESCRIPTORS)
class SourceFdTest {
    private static final Duration TICK = Duration.ofMillis(5);
    private static final Duration NEVER = Duration.ofDays(1);
    private static final int SIGUSR1 = 10;

    @TempDir
    private Path directory;

    private static Process child() throws IOException {
        return new ProcessBuilder("cat").start(); // exits at the end of its standard input
    }

    // ---- timers

    @Test
    void expirationsOfATimerAreCounted() throws IOException {
        long start = System.nanoTime();
        try (Loop loop = new Loop(); TimerFd timer = new TimerFd(TICK)) {
            loop.register(timer.source(), 1, R);
            long ticks = 0;
            while (ticks < 5) {
                assertEquals("r", loop.next(1));
                for (long n; (n = timer.expirations()) > 0;) {
                    ticks += n;
                }
            }
            long passed = System.nanoTime() - start;
            assertTrue(ticks <= passed / TICK.toNanos(), ticks + " ticks in " + passed + " ns");
        }
    }

    @Test
    void timerThatHasNotExpiredIsSilent() throws IOException {
        try (Loop loop = new Loop(); TimerFd timer = new TimerFd(NEVER)) {
            loop.register(timer.source(), 1, R);
            loop.expectNothing();
            assertEquals(0, timer.expirations());
        }
    }

    @Test
    @Tag("any-selector")
    void timerOfZeroIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new TimerFd(Duration.ZERO).close());
        assertThrows(IllegalArgumentException.class, () -> new TimerFd(Duration.ofNanos(-1)).close());
    }

    // ---- directories

    @Test
    void changesOfADirectoryCarryFileNames() throws IOException {
        try (Loop loop = new Loop(); Inotify inotify = new Inotify(directory)) {
            loop.register(inotify.source(), 1, R);
            loop.expectNothing();
            Path file = Files.createFile(directory.resolve("näme"));
            assertEquals("r", loop.next(1));
            assertEquals(List.of(new Change(What.CREATED, Path.of("näme")), new Change(What.WRITTEN, Path.of("näme"))),
                inotify.changes());
            Files.move(file, directory.resolve("b"));
            assertEquals("r", loop.next(1));
            assertEquals(List.of(new Change(What.MOVED_OUT, Path.of("näme")), new Change(What.MOVED_IN, Path.of("b"))),
                inotify.changes());
            Files.delete(directory.resolve("b"));
            assertEquals("r", loop.next(1));
            assertEquals(List.of(new Change(What.DELETED, Path.of("b"))), inotify.changes());
            loop.expectNothing();
        }
    }

    /** Names that are not valid text stay distinct, and their files can be opened by them. */
    @Test
    void changesOfUndecodableNamesCarryTheirBytes() throws IOException {
        Path odd = Path.of(URI.create("file:///a%FF%25%20%C3%BC")).getFileName();
        Path other = Path.of(URI.create("file:///a%FE%25%20%C3%BC")).getFileName();
        Path folder = Files.createDirectory(directory.resolve(other));
        try (Loop loop = new Loop(); Inotify inotify = new Inotify(folder)) {
            loop.register(inotify.source(), 1, R);
            for (Path name : List.of(odd, other)) {
                Files.createDirectory(folder.resolve(name));
                assertEquals("r", loop.next(1));
                List<Change> changes = inotify.changes();
                assertEquals(List.of(new Change(What.CREATED, name)), changes);
                assertTrue(Files.isDirectory(folder.resolve(changes.getFirst().name())));
            }
        }
    }

    @Test
    void endOfADirectoryIsAChange() throws IOException {
        Path gone = Files.createDirectory(directory.resolve("gone"));
        try (Loop loop = new Loop(); Inotify inotify = new Inotify(gone)) {
            loop.register(inotify.source(), 1, R);
            Files.delete(gone);
            assertEquals("r", loop.next(1));
            assertEquals(List.of(new Change(What.GONE, Path.of(""))), inotify.changes());
        }
    }

    @Test
    @Tag("any-selector")
    void aFileInPlaceOfADirectoryIsRefused() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        IOException e = assertThrows(IOException.class, () -> new Inotify(file).close());
        assertEquals(file + ": inotify_add_watch: Not a directory (errno 20)", e.getMessage());
    }

    // ---- processes

    @Test
    void endOfAProcessIsReported() throws IOException {
        Process process = child();
        try (Loop loop = new Loop(); PidFd pidFd = new PidFd(process.pid())) {
            loop.register(pidFd.source(), 1, R);
            loop.expectNothing();
            assertFalse(pidFd.hasEnded());
            process.getOutputStream().close();
            loop.expect(Loop.readable(1));
            assertTrue(pidFd.hasEnded());
            assertEquals(0, process.onExit().join().exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    @Tag("any-selector")
    void anAbsentProcessIsRefused() throws IOException {
        Process process = child();
        process.getOutputStream().close();
        process.onExit().join();
        IOException e = assertThrows(IOException.class, () -> new PidFd(process.pid()).close());
        assertEquals("process " + process.pid() + ": pidfd_open: No such process (errno 3)", e.getMessage());
    }

    // ---- signals

    @Test
    void signalToThePollingThreadIsRead() throws Exception {
        String seen = result(start(() -> { // in a thread of its own, as the signal stays blocked there
            assertFalse(SignalFd.isBlocked(SIGUSR1));
            try (Loop loop = new Loop(); SignalFd signals = new SignalFd(SIGUSR1)) {
                assertTrue(SignalFd.isBlocked(SIGUSR1));
                loop.register(signals.source(), 1, R);
                assertEquals(0, loop.poll.pollNow(loop.events));
                assertEquals(-1, signals.sender());
                for (int i = 0; i < 2; i++) {
                    NativeCalls.raise(SIGUSR1);
                    assertEquals("r", loop.next(1));
                    assertEquals(ProcessHandle.current().pid(), signals.sender());
                    assertEquals(-1, signals.sender());
                    loop.expectNothing();
                }
                return "all";
            }
        }));
        assertEquals("all", seen);
    }

    @Test
    @Tag("any-selector")
    void signalThatDoesNotExistIsRefused() {
        assertThrows(IOException.class, () -> new SignalFd(1000).close());
        assertThrows(IOException.class, () -> SignalFd.isBlocked(1000));
    }

    // ---- another Poll

    /** A wake must be visible to the system too, not only to a thread that polls the inner Poll. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Requires(Feature.POLL_DESCRIPTOR)
    void aWakeMakesAnInnerPollReadable(boolean beforeItIsWatched) throws IOException {
        try (Loop loop = new Loop(); Loop inner = new Loop()) {
            Waker waker = inner.later(Waker.open(inner.poll.registry(), 3));
            if (beforeItIsWatched) {
                waker.wake();
            }
            loop.register(loop.later(new SourceFd(inner.poll.fd())), 1, R);
            if (!beforeItIsWatched) {
                loop.expectNothing();
                waker.wake();
            }
            assertEquals("r", loop.next(1));
            assertEquals("r", inner.next(3));
            inner.expectNothing();
            waker.wake();
            assertEquals("r", loop.next(1));
            assertEquals("r", inner.next(3));
            inner.expectNothing();
        }
    }

    @Test
    @Requires({Feature.DESCRIPTORS, Feature.POLL_DESCRIPTOR})
    void innerPollIsReadableWhileItHasEvents() throws IOException {
        try (Loop loop = new Loop(); Loop inner = new Loop()) {
            EventFd source = inner.later(new EventFd(0));
            inner.register(source, 2, R);
            SourceFd watch = loop.later(new SourceFd(inner.poll.fd()));
            loop.register(watch, 1, R);
            loop.expectNothing();
            for (int i = 0; i < 2; i++) {
                source.add(1);
                assertEquals("r", loop.next(1));
                assertEquals("r", inner.next(2));
                assertEquals(0, inner.poll.pollNow(inner.events));
                loop.expectNothing();
            }
            loop.reregister(watch, 1, R.level());
            source.add(1);
            assertEquals("r", loop.next(1));
            assertEquals("r", loop.next(1));
            assertEquals("r", inner.next(2));
            loop.expectNothing();
        }
    }

    @Test
    @Requires({Feature.DESCRIPTORS, Feature.POLL_DESCRIPTOR})
    void closedInnerPollIsSilent() throws IOException {
        try (Loop loop = new Loop()) {
            Poll inner = Poll.open();
            EventFd source = loop.later(new EventFd(1));
            inner.registry().register(source, 2, R);
            SourceFd watch = loop.later(new SourceFd(inner.fd()));
            loop.register(watch, 1, R);
            assertEquals("r", loop.next(1));
            watch.close();
            source.add(1);
            loop.expectNothing();
            assertEquals(1, inner.poll(Events.withCapacity(1), Loop.LONG));
            inner.close();
            loop.expectNothing();
        }
    }

    // ---- the contract

    @Test
    void wouldBlockArmsAgain() throws IOException {
        try (Loop loop = new Loop(); TimerFd timer = new TimerFd(TICK)) {
            loop.register(timer.source(), 1, R);
            for (int i = 0; i < 20; i++) {
                assertEquals("r", loop.next(1));
                while (timer.expirations() > 0) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void closeOfTheSourceLeavesTheDescriptorOpen() throws IOException {
        try (Loop loop = new Loop(); EventFd owner = new EventFd(1)) {
            SourceFd first = new SourceFd(owner.fd());
            loop.register(first, 1, R);
            assertEquals("r", loop.next(1));
            first.close();
            first.close();
            assertEquals(1, owner.take());
            assertEquals(IoResult.WOULD_BLOCK, owner.take());
            SourceFd second = loop.later(new SourceFd(owner.fd()));
            loop.register(second, 2, R);
            owner.add(3);
            assertEquals("r", loop.next(2));
            assertEquals(3, second.tryIo(R, NativeCalls::eventfdRead));
        }
    }

    @Test
    void allKindsAreReportedByOneLoop() throws IOException {
        Process process = child();
        try (Loop loop = new Loop(); TimerFd timer = new TimerFd(TICK); Inotify inotify = new Inotify(directory);
                PidFd pidFd = new PidFd(process.pid())) {
            loop.register(timer.source(), 1, R);
            loop.register(inotify.source(), 2, R);
            loop.register(pidFd.source(), 3, R);
            Files.createFile(directory.resolve("a"));
            process.getOutputStream().close();
            loop.expect(Loop.readable(1), Loop.readable(2), Loop.readable(3));
        } finally {
            process.destroyForcibly();
        }
    }
}
