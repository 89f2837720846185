package io.panamio.test.poll;

import static io.panamio.IoResult.WOULD_BLOCK;
import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static io.panamio.test.support.Loop.W;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Interest;
import io.panamio.SourceFd;
import io.panamio.net.TcpStream;
import io.panamio.test.support.EventFd;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TryIoTest {
    /** A stream, registered with token 1, that is readable and writable and has been reported as both. */
    private static TcpStream reported(Loop loop) throws IOException {
        Loop.Pair pair = loop.connected();
        pair.peer().getOutputStream().write('x');
        Loop.until("data", () -> pair.stream().peek(new byte[1], 0, 1) == 1);
        loop.register(pair.stream(), 1, RW);
        assertEquals("r w", loop.next(1));
        return pair.stream();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, WOULD_BLOCK, Long.MAX_VALUE, Long.MIN_VALUE})
    @Tag("any-selector")
    void returnsWhatTheOperationReturns(long result) throws IOException {
        try (EventFd source = new EventFd(0)) {
            assertEquals(result, source.tryIo(R, fd -> result));
            assertEquals(result, source.tryIo(fd -> result));
        }
    }

    @Test
    @Tag("any-selector")
    void passesTheDescriptorToTheOperation() throws IOException {
        try (EventFd source = new EventFd(3)) {
            assertEquals(source.fd(), source.tryIo(R, fd -> fd));
            assertEquals(3, source.tryIo(R, NativeCalls::eventfdRead));
        }
    }

    @Test
    void throwsWhatTheOperationThrows() throws IOException {
        try (EventFd source = new EventFd(1)) {
            IOException failure = new IOException("mine");
            assertSame(failure, assertThrows(IOException.class, () -> source.tryIo(R, fd -> {
                throw failure;
            })));
            IllegalCallerException unchecked = new IllegalCallerException("mine");
            assertSame(unchecked, assertThrows(IllegalCallerException.class, () -> source.tryIo(fd -> {
                throw unchecked;
            })));
            assertEquals(1, source.take());
        }
    }

    @Test
    void nullIsRejected() throws IOException {
        try (EventFd source = new EventFd(1)) {
            assertThrows(NullPointerException.class, () -> source.tryIo(null, fd -> 0));
            assertThrows(NullPointerException.class, () -> source.tryIo(R, null));
            NativeFds.close(source.detach()); // throws during an operation
        }
    }

    @Test
    void closedSourceMakesNoCall() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(1));
            source.close();
            assertThrows(ClosedChannelException.class, () -> source.tryIo(R, fd -> {
                throw new AssertionError("called");
            }));
        }
    }

    @Test
    void descriptorStaysOpenUntilTheOperationEnds() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            int duplicate = (int) pair.stream().tryIo(R, fd -> {
                pair.stream().close();
                assertThrows(ClosedChannelException.class, () -> pair.stream().fd());
                return NativeFds.dup(fd);
            });
            assertTrue(duplicate >= 0);
            NativeFds.close(duplicate);
            assertEquals(-1, pair.peer().getInputStream().read());
        }
    }

    // ---- re-arming, which causes an event only where edges are emulated

    @Test
    void onlyTheGivenDirectionIsRearmed() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = reported(loop);
            assertArmed("r", loop, stream, R);
            assertArmed("w", loop, stream, W);
            assertArmed("r w", loop, stream, RW);
        }
    }

    private static void assertArmed(String onPoll, Loop loop, TcpStream stream, Interest direction) throws IOException {
        assertEquals(WOULD_BLOCK, stream.tryIo(direction, fd -> WOULD_BLOCK));
        if (!Loop.hasEdges()) {
            assertEquals(onPoll, loop.next(1));
        }
        loop.expectNothing();
    }

    @Test
    void bothDirectionsAreRearmedWithoutAnInterest() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = reported(loop);
            assertEquals(WOULD_BLOCK, stream.tryIo(fd -> WOULD_BLOCK));
            if (!Loop.hasEdges()) {
                assertEquals("r w", loop.next(1));
            }
            loop.expectNothing();
        }
    }

    @Test
    void nothingIsRearmedAfterAnotherResultOrAFailure() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = reported(loop);
            for (long result : new long[] {0, 1, -1, -11}) {
                stream.tryIo(fd -> result);
            }
            assertThrows(IOException.class, () -> stream.tryIo(fd -> {
                throw new IOException("mine");
            }));
            loop.expectNothing();
        }
    }

    @Test
    void directionThatIsNotOfInterestIsNotArmed() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = reported(loop);
            loop.reregister(stream, 1, R);
            assertEquals("r", loop.next(1));
            assertEquals(WOULD_BLOCK, stream.tryIo(W, fd -> WOULD_BLOCK));
            loop.expectNothing();
        }
    }

    @Test
    void aSocketIsWatchedThroughASourceWhoseOwnCallsRearmIt() throws IOException {
        try (Loop loop = new Loop()) {
            Loop.Pair pair = loop.connected();
            SourceFd source = loop.later(new SourceFd(pair.stream().fd()));
            loop.register(source, 1, R);
            for (int i = 0; i < 3; i++) {
                pair.peer().getOutputStream().write(i);
                assertEquals("r", loop.next(1));
                assertEquals(1, pair.stream().read(new byte[2], 0, 2));
                assertEquals(WOULD_BLOCK, source.tryIo(R, fd -> pair.stream().read(new byte[2], 0, 2)));
                loop.expectNothing();
            }
        }
    }

    @Test
    void readThatWouldBlockDoesNotRearmWriting() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream stream = loop.connected().stream();
            loop.register(stream, 1, RW);
            assertEquals("w", loop.next(1));
            assertEquals(WOULD_BLOCK, stream.read(new byte[1], 0, 1));
            loop.expectNothing();
        }
    }

    @Test
    void callThatWouldBlockRearmsEachTime() throws IOException {
        try (Loop loop = new Loop(); EventFd counter = new EventFd(0)) {
            SourceFd source = loop.later(new SourceFd(counter.fd()));
            loop.register(source, 1, R);
            loop.expectNothing();
            for (int i = 1; i <= 10; i++) {
                counter.add(i);
                assertEquals("r", loop.next(1));
                assertEquals(i, source.tryIo(R, TryIoTest::readEventfd));
                assertEquals(WOULD_BLOCK, source.tryIo(R, TryIoTest::readEventfd));
                loop.expectNothing();
            }
        }
    }

    private static long readEventfd(int fd) {
        long count = NativeCalls.eventfdRead(fd);
        return count < 0 ? WOULD_BLOCK : count;
    }

    // ---- a user-defined source

    @Test
    void userDefinedSourceRearmsEachTime() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(0));
            loop.register(source, 1, R);
            for (int i = 1; i <= 10; i++) {
                source.add(i);
                assertEquals("r", loop.next(1));
                assertEquals(i, source.take());
                assertEquals(WOULD_BLOCK, source.take());
                loop.expectNothing();
            }
        }
    }

    @Test
    void userDefinedSourceIsClosedOnceAndNamedByItsClass() throws IOException {
        try (Loop loop = new Loop()) {
            EventFd source = loop.later(new EventFd(0));
            assertEquals("EventFd[fd " + source.fd() + "]", source.toString());
            source.close();
            source.close();
            assertEquals("EventFd[closed]", source.toString());
            assertThrows(ClosedChannelException.class, source::take);
            assertThrows(ClosedChannelException.class, source::fd);
            assertThrows(ClosedChannelException.class, source::detach);
        }
    }
}
