package io.panamio.test.programs;

import static io.panamio.test.support.Background.result;
import static io.panamio.test.support.Failures.assertReset;
import static io.panamio.test.support.Proxying.number;
import static io.panamio.test.support.Proxying.pass;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.examples.proxy.Encryption;
import io.panamio.examples.proxy.Mode;
import io.panamio.examples.proxy.ProxyLoop;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import io.panamio.test.support.NativeFds.Exhaustion;
import io.panamio.test.support.Proxying;
import io.panamio.test.support.Proxying.Joined;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The limits of the example proxy, its timeouts and its end. */
class ProxyLimitsTest {
    private static final Duration NEVER = Duration.ofDays(1);

    @Test
    void clientsBeyondTheLimitWaitUntilOneHasEnded() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO, 2, NEVER)) {
            Joined first = p.join();
            Joined second = p.join();
            Socket third = p.connect();
            Socket fourth = p.connect();
            third.getOutputStream().write(3);
            fourth.getOutputStream().write(4);
            p.server.setSoTimeout((int) Loop.SHORT.toMillis());
            assertThrows(SocketTimeoutException.class, p::accept);
            assertEquals(2, number(p.report(), "total"));
            p.server.setSoTimeout((int) Loop.LONG.toMillis());
            pass(first.client(), first.server(), 10);
            first.close();
            assertEquals(3, p.accept().getInputStream().read());
            second.close();
            assertEquals(4, p.accept().getInputStream().read());
        }
    }

    /** If no descriptor is left for the connection to the server, an accepted client waits, without spinning. */
    @Test
    void clientsWaitUntilDescriptorsAreFree() throws Exception {
        Behaviour.FAILED_ACCEPTS_CLOSE.skip();
        try (Proxying p = new Proxying(Mode.AUTO)) {
            Joined j = p.join(); // loads the classes
            pass(j.client(), j.server(), 100);
            try (SocketChannel client = SocketChannel.open()) {
                client.socket().setSoTimeout((int) Loop.LONG.toMillis());
                try (Exhaustion exhaustion = new Exhaustion()) {
                    client.connect(p.address);
                    Loop.until("some turns", () -> number(p.report(), "polls") > 30);
                    long before = number(p.report(), "polls");
                    long start = System.nanoTime();
                    Loop.until("a while", () -> System.nanoTime() - start > Loop.SHORT.toNanos());
                    long millis = (System.nanoTime() - start) / 1_000_000;
                    assertTrue(number(p.report(), "polls") - before < 10 + millis / 50, "it spins");
                    pass(j.client(), j.server(), 100);
                    exhaustion.releaseOne(); // frees one descriptor, which is not enough
                    Loop.until("a second client", () -> number(p.report(), "total") >= 1);
                    pass(j.client(), j.server(), 100);
                    exhaustion.end();
                }
                Socket server = p.accept();
                client.write(ByteBuffer.wrap(new byte[] {5}));
                assertEquals(5, server.getInputStream().read());
            }
        }
    }

    @Test
    void aStopWaitsForOpenConnections() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO, 10, NEVER)) {
            Joined j = p.join();
            p.proxy.stop();
            Loop.until("closed", () -> {
                try {
                    p.proxy.address();
                    return false;
                } catch (ClosedChannelException e) {
                    return true;
                }
            });
            Loop.until("refused", () -> { // the system may close it a moment later, but nobody is accepted in between
                try {
                    new Socket(p.address.getAddress(), p.address.getPort()).close();
                    return false;
                } catch (ConnectException e) {
                    return true;
                }
            });
            pass(j.client(), j.server(), 100_000);
            assertFalse(p.run.isDone());
            j.close();
            result(p.run);
            assertEquals(0, number(p.nextReport(), "failed"));
        }
    }

    @Test
    void aSecondStopEndsAtOnce() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO, 10, NEVER)) {
            Joined j = p.join();
            pass(j.client(), j.server(), 10);
            p.proxy.stop();
            p.proxy.stop();
            result(p.run);
            assertEquals(1, number(p.nextReport(), "failed"));
            assertReset(j.client());
            assertReset(j.server());
        }
    }

    @Test
    void theGracePeriodEnds() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO, 10, Loop.SHORT)) {
            Joined j = p.join();
            long start = System.nanoTime();
            p.proxy.stop();
            result(p.run);
            assertTrue(System.nanoTime() - start >= Loop.SHORT.toNanos());
            assertReset(j.client());
        }
    }

    /** Once in a while even a busy machine ends it within a second of the start. */
    @Test
    void theGracePeriodEndsInTimeWhateverTheTimeouts() throws Exception {
        long min = Long.MAX_VALUE;
        for (int i = 0; i < 30 && min > 900_000_000; i++) {
            long start = System.nanoTime();
            try (Proxying p = new Proxying(Mode.AUTO, 10, NEVER, NEVER, Duration.ZERO, 10)) {
                p.join();
                p.proxy.stop();
                result(p.run);
            }
            min = Math.min(min, System.nanoTime() - start);
        }
        assertTrue(min <= 900_000_000, min + " ns");
    }

    // ---- timeouts

    /** A server that does not answer: its queue is full, so the system drops each SYN. */
    private static final class Silence implements AutoCloseable {
        private final List<SocketChannel> waiting = new ArrayList<>();

        Silence(Proxying p) throws IOException {
            Loop.until("full", () -> { // the system does not accept the last ones
                SocketChannel channel = SocketChannel.open();
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(p.server.getLocalSocketAddress());
                return !channel.finishConnect();
            });
        }

        @Override
        public void close() throws IOException {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    @Test
    void aConnectThatIsNotAnsweredTimesOut() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO, 2, Duration.ofMillis(200), NEVER, NEVER, 1)) {
            Silence silence = new Silence(p);
            try (silence) {
                for (int i = 0; i < 2; i++) { // more than the limit
                    long start = System.nanoTime();
                    Socket one = p.connect();
                    Socket two = p.connect();
                    assertReset(one);
                    assertReset(two);
                    assertTrue(System.nanoTime() - start >= 200_000_000);
                }
                String report = p.report();
                assertEquals(4, number(report, "refused"), report);
                assertEquals(4, number(report, "timed out"), report);
            }
        }
    }

    @Test
    void aClientThatResetsEndsTheConnect() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO, 2, NEVER, NEVER, NEVER, 1)) {
            Silence silence = new Silence(p);
            try (silence) {
                Socket client = p.connect();
                p.awaitConnections(1);
                Proxying.reset(client);
                p.awaitConnections(0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatIsIdleIsReset(Mode mode) throws Exception {
        long millis = 300;
        while (!onlyTheIdleOneIsReset(mode, Duration.ofMillis(millis))) {
            millis *= 4; // on a busy machine the other connection may have been idle for as long
            assertTrue(millis < 30_000, "the machine makes no progress");
        }
    }

    /** Returns false if the connection that should be busy was idle for too long. */
    private boolean onlyTheIdleOneIsReset(Mode mode, Duration timeout) throws Exception {
        try (Proxying p = new Proxying(mode, 10, NEVER, timeout, NEVER, 100)) {
            Joined idle = p.join();
            long start = System.nanoTime();
            pass(idle.client(), idle.server(), 100);
            Joined busy = p.join();
            boolean ended = false;
            idle.client().setSoTimeout(20);
            while (!ended) {
                long passed = System.nanoTime();
                pass(busy.client(), busy.server(), 100);
                pass(busy.server(), busy.client(), 100);
                try {
                    assertEquals(-1, idle.client().getInputStream().read());
                    assertTrue(Behaviour.RESETS_ARRIVE_AS_ENDS.isHere(), "an orderly end");
                    ended = true;
                } catch (SocketTimeoutException e) {
                    // not yet
                } catch (SocketException e) {
                    ended = true;
                }
                if (System.nanoTime() - passed > timeout.toNanos() / 2) {
                    return false;
                }
            }
            assertTrue(System.nanoTime() - start >= timeout.toNanos() * 5 / 6);
            assertReset(idle.server());
            assertEquals(1, number(p.report(), "timed out"));
            pass(busy.client(), busy.server(), 100);
            return true;
        }
    }

    // ---- faults

    @Test
    void connectionsAbortedInTheQueueDoNotAffectOthers() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO)) {
            Joined j = p.join();
            pass(j.client(), j.server(), 100);
            AtomicBoolean refused = new AtomicBoolean();
            p.inLoop(() -> refused.set(Seccomp.refuse(SystemCall.ACCEPT4, 103))); // ECONNABORTED
            assumeTrue(refused.get(), "no seccomp(2) here");
            p.connect();
            pass(j.client(), j.server(), 100);
            long before = number(p.report(), "polls");
            Loop.until("some turns", () -> number(p.report(), "polls") > before + 10);
            pass(j.client(), j.server(), 100);
            assertFalse(p.run.isDone());
        }
    }

    @Test
    void aPortInUseIsRefused() throws Exception {
        try (Proxying p = new Proxying(Mode.AUTO)) {
            NativeFds.Opened opened = new NativeFds.Opened();
            assertThrows(BindException.class, () -> new ProxyLoop(new ProxyLoop.Settings(p.address,
                new InetSocketAddress(Loop.V4, 1), Mode.AUTO, 1, NEVER, NEVER, NEVER, Encryption.NONE), text -> { })
                .close());
            opened.expect(0);
        }
    }
}
