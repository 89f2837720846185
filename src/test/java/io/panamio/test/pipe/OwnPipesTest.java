package io.panamio.test.pipe;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.net.Pipe;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import io.panamio.sys.linux.OwnPipesPlatform;
import io.panamio.test.support.Cases;
import io.panamio.test.support.Child;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.commons.annotation.Testable;
import org.opentest4j.AssertionFailedError;

/**
 * A platform may supply pipes whose ends own their requests and report their readiness themselves: {@link
 * OwnPipesPlatform}. They behave as any pipe does.
 */
@Tag("any-platform")
class OwnPipesTest {
    @ParameterizedTest
    @ValueSource(strings = {"epoll", "poll"})
    void pipesMayOwnTheirRequests(String selector) throws Exception {
        String out = new Child().onClassPath()
            .with("-Dpanamio.selector=" + selector, "-Dpanamio.test.platform=" + OwnPipesPlatform.class.getName(),
                "--enable-native-access=ALL-UNNAMED")
            .classPathOf(Test.class, ParameterizedTest.class, AssertionFailedError.class, Testable.class)
            .run(Own.class).ok();
        assertEquals(Cases.names(Own.class), out.strip());
    }

    static final class Own {
        public static void main(String[] args) throws Exception {
            Cases.run(Own.class);
        }

        private static String next(Loop loop) throws IOException {
            loop.poll.poll(loop.events, Loop.LONG);
            return loop.events.toString();
        }

        private static String read(Pipe pipe) throws IOException {
            byte[] bytes = new byte[100];
            long n = pipe.receiver().read(bytes, 0, bytes.length);
            return n < 0 ? n == EOF ? "EOF" : "would block" : new String(bytes, 0, (int) n);
        }

        private static long write(Pipe pipe, String text) throws IOException {
            return pipe.sender().write(text.getBytes(), 0, text.length());
        }

        static void anEndBlocksUntilItsRequestIsComplete() throws IOException {
            try (Loop loop = new Loop(); Pipe pipe = Pipe.open()) {
                assertEquals(WOULD_BLOCK, write(pipe, "x"));
                assertEquals("would block", read(pipe));
                loop.register(pipe.receiver(), 1, Loop.R);
                loop.expectNothing();
                loop.register(pipe.sender(), 2, Loop.W);
                assertEquals("[token 2 writable]", next(loop));
                assertEquals(5, write(pipe, "hello"));
                String events = "";
                while (!events.contains("token 1 readable") || !events.contains("token 2 writable")) {
                    events += next(loop);
                }
                assertEquals("hello", read(pipe));
                assertEquals("would block", read(pipe));
                loop.expectNothing();
            }
        }

        static void nothingIsLostBetweenTwoThreads() throws Exception {
            byte[] sent = new byte[20_000];
            for (int i = 0; i < sent.length; i++) {
                sent[i] = (byte) (i * 31 >> 3);
            }
            try (Loop loop = new Loop(); Pipe pipe = Pipe.open()) {
                loop.register(pipe.receiver(), 1, Loop.R);
                loop.register(pipe.sender(), 2, Loop.W);
                ByteArrayOutputStream received = new ByteArrayOutputStream();
                byte[] bytes = new byte[48];
                int done = 0;
                while (received.size() < sent.length) {
                    assertTrue(loop.poll.poll(loop.events, Loop.LONG) > 0, "at " + done);
                    for (int i = 0; i < loop.events.size(); i++) {
                        long n;
                        if (loop.events.token(i) == 1) {
                            while ((n = pipe.receiver().read(bytes, 0, bytes.length)) > 0) {
                                received.write(bytes, 0, (int) n);
                            }
                        } else {
                            while (done < sent.length
                                    && (n = pipe.sender().write(sent, done, sent.length - done)) > 0) {
                                done += (int) n;
                            }
                        }
                    }
                }
                assertArrayEquals(sent, received.toByteArray());
            }
        }

        static void theEndFollowsTheLastBytes() throws IOException {
            try (Loop loop = new Loop(); Pipe pipe = Pipe.open()) {
                loop.register(pipe.sender(), 2, Loop.W);
                assertEquals("[token 2 writable]", next(loop));
                assertEquals(3, write(pipe, "end"));
                pipe.sender().close();
                assertThrows(ClosedChannelException.class, () -> write(pipe, "x"));
                loop.register(pipe.receiver(), 1, Loop.R.level());
                assertEquals("[token 1 readable]", next(loop));
                assertEquals("end", read(pipe)); // which lets the system find the end
                while (!next(loop).contains("read-closed")) {
                    Thread.onSpinWait();
                }
                assertEquals("EOF", read(pipe));
            }
        }

        static void theEndOfTheReaderIsAnErrorOfTheSender() throws IOException {
            try (Loop loop = new Loop(); Pipe pipe = Pipe.open()) {
                loop.register(pipe.sender(), 2, Loop.W);
                assertEquals("[token 2 writable]", next(loop));
                pipe.receiver().close();
                assertEquals("[token 2 error write-closed]", next(loop));
                assertThrows(IOException.class, () -> write(pipe, "x"));
            }
        }

        static void anEndBelongsToItsFirstPoll() throws IOException {
            try (Loop loop = new Loop(); Loop other = new Loop(); Pipe pipe = Pipe.open()) {
                loop.register(pipe.sender(), 2, Loop.W);
                loop.poll.registry().deregister(pipe.sender());
                assertThrows(IllegalStateException.class, () -> other.register(pipe.sender(), 3, Loop.W));
                loop.register(pipe.sender(), 4, Loop.W);
                assertEquals("[token 4 writable]", next(loop));
                assertEquals(0, other.poll.poll(other.events, Duration.ZERO));
            }
        }

        static void aCloseClosesBothEnds() throws IOException {
            Pipe pipe = Pipe.open();
            int reader = pipe.receiver().fd();
            int writer = pipe.sender().fd();
            assertThrows(UnsupportedOperationException.class, pipe.sender()::detach);
            assertTrue(NativeFds.isOpen(writer));
            pipe.close();
            assertFalse(NativeFds.isOpen(reader) || NativeFds.isOpen(writer));
        }

        static void transfersCopy() throws IOException {
            UnixStream[] pair = UnixStream.pair();
            try (Loop loop = new Loop(); UnixStream from = pair[0]; UnixStream to = pair[1]; Pipe pipe = Pipe.open();
                    PipePool pool = new PipePool(); Splice splice = new Splice(to, pipe.sender(), pool)) {
                loop.register(pipe.receiver(), 1, Loop.R);
                loop.register(pipe.sender(), 2, Loop.W);
                from.write("spliced".getBytes(), 0, 7);
                assertEquals(7, splice.transfer());
                Loop.until("received", () -> read(pipe).equals("spliced"));
            }
        }
    }
}
