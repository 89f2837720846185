package io.panamio.test.poll;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Background.start;
import static io.panamio.test.support.Failures.assertFails;
import static io.panamio.test.support.Loop.LONG;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.Registry;
import io.panamio.Source;
import io.panamio.SourceFd;
import io.panamio.net.Pipe;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.Requires;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryTest {
    private static TcpListener listener(Loop loop) throws IOException {
        return loop.later(TcpListener.bind(new InetSocketAddress(V4, 0)));
    }

    private static void assertThrowsState(String message, Executable call) {
        String actual = assertThrows(IllegalStateException.class, call).getMessage();
        assertTrue(actual.contains(message), actual);
    }

    // ---- the three operations

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32, 0x0123_4567_89AB_CDEFL})
    void everyTokenIsReportedUnchanged(long token) throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(loop.later(new EventFd(1)), token, R);
            assertEquals(1, loop.poll.poll(loop.events, LONG));
            assertEquals(token, loop.events.token(0));
        }
    }

    @Test
    void twoSourcesMayHaveTheSameToken() throws IOException {
        try (Loop loop = new Loop()) {
            loop.register(loop.later(new EventFd(1)), 5, R);
            loop.register(loop.later(new EventFd(1)), 5, R);
            assertEquals(2, loop.poll.poll(loop.events, LONG));
            assertEquals("[token 5 readable, token 5 readable]", loop.events.toString());
        }
    }

    @Test
    void reregisterReplacesTokenAndInterest() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            loop.register(stream, 1, R);
            loop.reregister(stream, 2, W);
            assertEquals("w", loop.next(2));
            loop.reregister(stream, 3, R);
            loop.expectNothing();
        }
    }

    @Test
    void reregisterReportsReadinessAgain() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R);
            for (int i = 0; i < 3; i++) {
                assertEquals("r", loop.next(1));
                loop.expectNothing();
                loop.reregister(source, 1, R);
            }
        }
    }

    @Test
    void aPendingEventHasOnlyTheNewToken() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R);
            loop.reregister(source, 2, R);
            assertEquals(1, loop.poll.poll(loop.events, LONG));
            assertEquals(2, loop.events.token(0));
            loop.expectNothing();
        }
    }

    @Test
    void deregisteredSourceIsSilentButUsableAndMayBeRegisteredAgain() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            pair.peer().getOutputStream().write(1);
            loop.expect(Loop.readable(1));
            loop.poll.registry().deregister(pair.stream());
            pair.peer().getOutputStream().write(2);
            loop.expectNothing();
            assertEquals(2, Loop.readFully(pair.stream(), 2)[1]);
            loop.register(pair.stream(), 3, W);
            assertEquals("w", loop.next(3));
        }
    }

    @Test
    @Requires(Feature.DESCRIPTORS)
    void aSourceThatTheSystemNoLongerWatchesMayBeRegisteredAgain() throws IOException {
        try (Loop loop = new Loop()) {
            int fd = NativeFds.eventfd();
            SourceFd watch = loop.later(new SourceFd(fd));
            loop.register(watch, 1, W);
            NativeFds.close(fd);
            if (Loop.hasEdges() && Behaviour.SELECTOR_IS_EPOLL.isHere()) {
                assertFails(IOException.class, "epoll_ctl", "EBADF", () -> loop.poll.registry().deregister(watch));
            } else {
                loop.poll.registry().deregister(watch);
            }
            assertThrows(IllegalStateException.class, () -> loop.poll.registry().deregister(watch));
            int other;
            do { // repeats if another thread got the number first
                other = NativeFds.eventfd();
                int opened = other;
                loop.later(() -> NativeFds.close(opened));
            } while (other < fd);
            assumeTrue(other == fd, "the system reuses a number later");
            loop.register(watch, 2, W);
            assertEquals("w", loop.next(2));
        }
    }

    @Test
    void eventThatWasReportedOutlivesItsSource() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R);
            assertEquals(1, loop.poll.poll(loop.events, LONG));
            loop.poll.registry().deregister(source);
            source.close();
            assertEquals("[token 1 readable]", loop.events.toString());
        }
    }

    // ---- closed sources

    @Test
    void sourceThatIsClosedWithoutDeregisterIsSilent() throws IOException {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            EventFd ready = loop.later(new EventFd(1));
            loop.register(listener, 1, RW);
            loop.register(ready, 2, R);
            listener.close();
            ready.close();
            loop.expectNothing();
        }
    }

    /** A source of which a duplicate stays open. */
    private interface Duplicated {
        int duplicate() throws IOException;
    }

    /** Closes a registered stream, makes its duplicate readable, and expects no event. */
    private static void assertSilentOnceClosed(Loop loop, TcpStream stream, Socket peer, Duplicated duplicated)
            throws IOException {
        loop.register(stream, 1, R);
        int duplicate = duplicated.duplicate();
        try {
            stream.close();
            peer.getOutputStream().write(1);
            loop.expectNothing();
        } finally {
            NativeFds.close(duplicate);
        }
    }

    @Test
    void duplicateOfAClosedDescriptorKeepsNoEvents() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            assertSilentOnceClosed(loop, pair.stream(), pair.peer(), () -> NativeFds.dup(pair.stream().fd()));
        }
    }

    @Test
    void duplicateMadeInTryIoKeepsNoEvents() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            assertSilentOnceClosed(loop, pair.stream(), pair.peer(),
                () -> (int) pair.stream().tryIo(NativeFds::dup));
        }
    }

    @Test
    void duplicateOfAnAdoptedDescriptorKeepsNoEvents() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            int fd = pair.stream().detach();
            int duplicate = NativeFds.dup(fd);
            assertSilentOnceClosed(loop, loop.later(TcpStream.fromFd(fd)), pair.peer(), () -> duplicate);
        }
    }

    @Test
    void duplicateOfAUsersSourceKeepsNoEvents() throws IOException {
        try (Loop loop = new Loop()) {
            int fd = NativeCalls.eventfd(0);
            int duplicate = NativeFds.dup(fd);
            try {
                IoSource source = loop.later(new IoSource(fd) { });
                loop.register(source, 1, R);
                source.close();
                assertEquals(0, NativeCalls.eventfdWrite(duplicate, 3));
                loop.expectNothing();
            } finally {
                NativeFds.close(duplicate);
            }
        }
    }

    @Test
    void closeOfAnUnsharedDescriptorEndsItsRegistration() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            loop.register(pair.stream(), 1, R);
            pair.peer().getOutputStream().write(1);
            pair.stream().close();
            loop.expectNothing();
            Loop.Pair next = loop.connected(); // most likely with the same descriptor number
            loop.register(next.stream(), 2, R);
            next.peer().getOutputStream().write(1);
            assertEquals("r", loop.next(2));
        }
    }

    @Test
    void detachedSourceIsSilentAndItsDescriptorOpen() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(0));
            loop.register(source, 1, R);
            int fd = source.detach();
            try {
                assertEquals(0, NativeCalls.eventfdWrite(fd, 3));
                loop.expectNothing();
                SourceFd watch = loop.later(new SourceFd(fd));
                loop.register(watch, 2, R);
                assertEquals("r", loop.next(2));
                watch.close();
                assertEquals(3, NativeCalls.eventfdRead(fd));
            } finally {
                NativeFds.close(fd);
            }
        }
    }

    @Test
    void closedSourceIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(0));
            loop.register(source, 1, R);
            source.close();
            assertThrows(ClosedChannelException.class, () -> loop.register(source, 1, R));
            assertThrows(ClosedChannelException.class, () -> loop.reregister(source, 1, R));
            assertThrows(ClosedChannelException.class, () -> loop.poll.registry().deregister(source));
        }
    }

    // ---- rejected calls, which have no effect

    @Test
    void secondRegisterIsRefusedAndTheFirstStays() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, R);
            assertThrowsState("already registered", () -> loop.register(source, 2, R));
            assertEquals("r", loop.next(1));
            loop.reregister(source, 3, R);
            assertEquals("r", loop.next(3));
        }
    }

    @Test
    void secondPollIsRefusedAndTheFirstStays() throws IOException {
        try (Loop loop = new Loop(); Loop other = new Loop()) {
            for (IoSource source : List.of(listener(loop), loop.connected().stream(), loop.later(new EventFd(0)))) {
                loop.register(source, 1, R);
                assertThrowsState("already registered with another Poll", () -> other.register(source, 2, R));
                assertThrowsState("registered with another Poll", () -> other.reregister(source, 2, R));
                assertThrowsState("registered with another Poll", () -> other.poll.registry().deregister(source));
                loop.reregister(source, 3, R);
                loop.poll.registry().deregister(source);
                other.register(source, 4, R);
            }
        }
    }

    @Test
    void sourceThatIsNotRegisteredIsNeitherReregisteredNorDeregistered() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            assertThrowsState("not registered", () -> loop.reregister(source, 1, R));
            assertThrowsState("not registered", () -> loop.poll.registry().deregister(source));
            loop.register(source, 1, R);
            loop.poll.registry().deregister(source);
            assertThrowsState("not registered", () -> loop.poll.registry().deregister(source));
            assertThrowsState("not registered", () -> loop.reregister(source, 1, R));
            loop.expectNothing();
        }
    }

    @Test
    void secondSourceOnTheSameDescriptorIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            SourceFd second = loop.later(new SourceFd(source.fd()));
            loop.register(source, 1, R);
            assertRefused("EEXIST", loop, second);
            assertEquals("r", loop.next(1));
        }
    }

    @Test
    void descriptorThatIsNotOpenIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            assertRefused("EBADF", loop, loop.later(new SourceFd(1 << 20)));
        }
    }

    @Test
    void descriptorThatIsAlwaysReadyIsRefused() throws IOException {
        try (Loop loop = new Loop()) {
            int[] files = {NativeCalls.regularFile(), NativeCalls.open(Path.of("/dev/null"), 2),
                NativeCalls.open(Path.of("/dev/zero"), 0), NativeCalls.open(Path.of("/"), 0)};
            for (int fd : files) {
                loop.later(() -> NativeFds.close(fd));
                assertRefused("EPERM", loop, loop.later(new SourceFd(fd)));
            }
            loop.expectNothing();
        }
    }

    /** A descriptor that is ready for both is watched nevertheless if that can change. */
    @Test
    void descriptorThatIsReadyForBothIsWatched() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            loop.register(source, 1, RW);
            assertEquals("r w", loop.next(1));
        }
    }

    /**
     * The check whether a descriptor is always ready takes three system calls, one of which fails here. It is not made
     * for sources that the library created.
     */
    @Test
    @Requires({Feature.DESCRIPTORS, Feature.PIPES})
    void socketsAndPipesAreRegisteredWithoutTheCheck() throws Exception {
        assumeFalse(Loop.hasEdges(), "the system watches what is ready itself");
        Behaviour.SELECTOR_IS_EPOLL.require(); // which refuses, in the check
        try (Loop loop = new Loop(); Pipe pipe = Pipe.open(); EventFd other = new EventFd(1)) {
            Loop.Pair accepted = loop.accepted();
            accepted.peer().getOutputStream().write(1);
            TcpStream taken = loop.later(TcpStream.fromFd(NativeFds.dup(accepted.stream().fd())));
            Loop.until("readable", () -> taken.read(new byte[1], 0, 1) == 1);
            accepted.peer().getOutputStream().write(new byte[2]);
            Loop.until("readable again", () -> taken.read(new byte[1], 0, 1) == 1);
            assumeTrue(result(start(() -> {
                if (!Seccomp.refuse(SystemCall.EPOLL_CTL, 1)) { // EPERM
                    return false;
                }
                assertRefused("EPERM", loop, other);
                loop.register(accepted.stream(), 1, RW);
                loop.register(taken, 2, RW);
                loop.register(pipe.sender(), 3, W);
                return true;
            })), "no seccomp(2) here");
            loop.expect(new Loop.Expected(1, "r w"), new Loop.Expected(2, "r w"), Loop.writable(3));
        }
    }

    /** The system call fails every time, and the source stays unregistered. */
    private static void assertRefused(String errno, Loop loop, IoSource source) {
        for (int i = 0; i < 2; i++) {
            Failures.assertErrno(errno, assertThrows(IOException.class, () -> loop.register(source, 1, R)));
            assertThrowsState("not registered", () -> loop.poll.registry().deregister(source));
        }
    }

    @Test
    void nullIsRejected() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            assertThrows(NullPointerException.class, () -> loop.register(null, 1, R));
            assertThrows(NullPointerException.class, () -> loop.register(source, 1, null));
            assertThrows(NullPointerException.class, () -> loop.reregister(null, 1, R));
            assertThrows(NullPointerException.class, () -> loop.reregister(source, 1, null));
            assertThrows(NullPointerException.class, () -> loop.poll.registry().deregister(null));
            loop.expectNothing();
        }
    }

    @Test
    @Tag("any-selector")
    void sourceFdRejectsANegativeDescriptor() {
        assertThrows(IllegalArgumentException.class, () -> new SourceFd(-1));
    }

    @Test
    void sourceFdLeavesItsDescriptorOpen() throws IOException {
        try (Loop loop = new Loop(); EventFd owner = new EventFd(1)) {
            SourceFd watch = loop.later(new SourceFd(owner.fd()));
            loop.register(watch, 1, R);
            assertEquals("r", loop.next(1));
            watch.close();
            owner.add(1);
            loop.expectNothing();
            assertEquals(2, owner.take());
        }
    }

    // ---- threads

    @Test
    void threadsMayRegisterWhileAnotherPolls() throws Exception {
        try (Loop loop = new Loop()) {
            TcpListener listener = listener(loop);
            TcpStream stream = loop.connected().stream();
            EventFd eventFd = loop.later(new EventFd(1));
            loop.later(new Socket(V4, listener.localAddress().getPort()));
            List<Future<Void>> threads = List.of(
                start(() -> changeOften(loop.poll.registry(), listener, 1, R)),
                start(() -> changeOften(loop.poll.registry(), stream, 2, W)),
                start(() -> changeOften(loop.poll.registry(), eventFd, 3, R)));
            loop.expect(Loop.readable(1), Loop.writable(2), Loop.readable(3));
            for (Future<Void> thread : threads) {
                result(thread);
            }
        }
    }

    /** The last change sets an interest and a token that differ from the previous ones. */
    private static Void changeOften(Registry registry, IoSource source, long token, Interest last) throws IOException {
        for (int i = 0; i < 1000; i++) {
            registry.register(source, -token, RW);
            registry.reregister(source, -token, R);
            registry.deregister(source);
        }
        registry.register(source, -token, RW);
        registry.reregister(source, token, last);
        return null;
    }

    // ---- user-defined sources

    @Test
    void registryCallsTheSourceOnceWithItsArguments() throws IOException {
        try (Loop loop = new Loop()) {
            List<String> calls = new ArrayList<>();
            Registry expected = loop.poll.registry();
            Source source = new Source() {
                @Override
                public void register(Registry registry, long token, Interest interest) {
                    assertSame(expected, registry);
                    calls.add("register " + token + " " + interest);
                }

                @Override
                public void reregister(Registry registry, long token, Interest interest) {
                    assertSame(expected, registry);
                    calls.add("reregister " + token + " " + interest);
                }

                @Override
                public void deregister(Registry registry) {
                    assertSame(expected, registry);
                    calls.add("deregister");
                }
            };
            loop.register(source, 1, R);
            loop.reregister(source, 2, RW);
            loop.poll.registry().deregister(source);
            assertEquals(List.of("register 1 READABLE", "reregister 2 READABLE | WRITABLE", "deregister"), calls);
        }
    }

    @Test
    void exceptionsOfASourceArePropagated() throws IOException {
        try (Loop loop = new Loop()) {
            IOException failure = new IOException("mine");
            Source source = new Source() {
                @Override
                public void register(Registry registry, long token, Interest interest) throws IOException {
                    throw failure;
                }

                @Override
                public void reregister(Registry registry, long token, Interest interest) throws IOException {
                    throw failure;
                }

                @Override
                public void deregister(Registry registry) throws IOException {
                    throw failure;
                }
            };
            Stream.<Executable>of(() -> loop.register(source, 1, R), () -> loop.reregister(source, 1, R),
                    () -> loop.poll.registry().deregister(source))
                .forEach(call -> assertSame(failure, assertThrows(IOException.class, call)));
        }
    }

    /** A client's two streams as one source with two consecutive tokens. */
    private record Two(Source first, Source second) implements Source {
        @Override
        public void register(Registry registry, long token, Interest interest) throws IOException {
            first.register(registry, token, interest);
            second.register(registry, token + 1, interest);
        }

        @Override
        public void reregister(Registry registry, long token, Interest interest) throws IOException {
            first.reregister(registry, token, interest);
            second.reregister(registry, token + 1, interest);
        }

        @Override
        public void deregister(Registry registry) throws IOException {
            first.deregister(registry);
            second.deregister(registry);
        }
    }

    @Test
    void sourceMayDelegateToInnerSources() throws IOException {
        try (Loop loop = new Loop()) {
            Two two = new Two(loop.connected().stream(), loop.later(new EventFd(1)));
            loop.register(two, 10, RW);
            loop.expect(Loop.writable(10), Loop.readable(11));
            loop.reregister(two, 20, RW);
            loop.expect(Loop.writable(20), Loop.readable(21));
            loop.poll.registry().deregister(two);
            loop.expectNothing();
            loop.register(two, 30, RW);
            loop.expect(Loop.writable(30), Loop.readable(31));
        }
    }
}
