package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.bindings.windows.Windows;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.Watch;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What AFD itself answers, condition by condition: it is undocumented, and no header has its numbers. */
@Tag("any-selector")
class AfdTest {
    private static final int LAST = AfdGroup.SIZE - 1;
    private static final int RECEIVE = Windows.AFD_POLL_RECEIVE;
    private static final int URGENT = Windows.AFD_POLL_RECEIVE_EXPEDITED;
    private static final int SEND = Windows.AFD_POLL_SEND;
    private static final int DISCONNECT = Windows.AFD_POLL_DISCONNECT;
    private static final int ABORT = Windows.AFD_POLL_ABORT;
    private static final int CONNECT = Windows.AFD_POLL_CONNECT;
    private static final int ACCEPT = Windows.AFD_POLL_ACCEPT;
    private static final int CONNECT_FAIL = Windows.AFD_POLL_CONNECT_FAIL;
    private static final List<Integer> ALL =
        List.of(RECEIVE, URGENT, SEND, DISCONNECT, ABORT, CONNECT, ACCEPT, CONNECT_FAIL);

    /** A socket whose state has some conditions and lacks others; of the rest, systems differ. */
    private enum State {
        FRESH(0, RECEIVE | URGENT | DISCONNECT | ABORT | CONNECT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) {
                int socket = NativeCalls.socket();
                loop.later(() -> NativeFds.close(socket));
                return socket;
            }
        },
        BOUND_UDP(SEND, RECEIVE | URGENT | DISCONNECT | ABORT | CONNECT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                return loop.later(UdpSocket.bind(new InetSocketAddress(Loop.V4, 0))).fd();
            }
        },
        CONNECTED(SEND | CONNECT, RECEIVE | URGENT | DISCONNECT | ABORT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                return loop.pair()[0].fd();
            }
        },
        FULL(CONNECT, SEND | RECEIVE | URGENT | DISCONNECT | ABORT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                TcpStream stream = loop.pair()[0];
                byte[] bytes = new byte[1 << 20];
                long full = 0;
                while (full < 10) { // in a row: the system moves bytes to the peer meanwhile
                    full = stream.write(bytes, 0, bytes.length) < 0 ? full + 1 : 0;
                }
                return stream.fd();
            }
        },
        WITH_BYTES(RECEIVE, URGENT | DISCONNECT | ABORT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                TcpStream[] pair = loop.pair();
                pair[1].write(new byte[3], 0, 3);
                return pair[0].fd();
            }
        },
        WITH_AN_URGENT_BYTE(URGENT, RECEIVE | DISCONNECT | ABORT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                TcpStream[] pair = loop.pair();
                NativeCalls.sendUrgent(pair[1].fd(), (byte) 1);
                return pair[0].fd();
            }
        },
        ENDED(DISCONNECT, URGENT | ABORT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                TcpStream[] pair = loop.pair();
                pair[1].close();
                return pair[0].fd();
            }
        },
        RESET(ABORT, URGENT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                return loop.later(Loop.withClosedPeer()).fd();
            }
        },
        LISTENING(0, RECEIVE | URGENT | SEND | DISCONNECT | ABORT | CONNECT | ACCEPT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                return loop.later(TcpListener.bind(new InetSocketAddress(Loop.V4, 0))).fd();
            }
        },
        WITH_A_CONNECTION(ACCEPT, RECEIVE | URGENT | SEND | DISCONNECT | ABORT | CONNECT | CONNECT_FAIL) {
            @Override
            int make(Loop loop) throws IOException {
                TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(Loop.V4, 0)));
                loop.later(TcpStream.connect(listener.localAddress()));
                return listener.fd();
            }
        },
        REFUSED(CONNECT_FAIL, RECEIVE | URGENT | SEND | ABORT | CONNECT | ACCEPT) {
            @Override
            int make(Loop loop) throws IOException {
                return loop.later(TcpStream.connect(Loop.nobody())).fd();
            }
        };

        final int has;
        final int lacks;

        State(int has, int lacks) {
            this.has = has;
            this.lacks = lacks;
        }

        abstract int make(Loop loop) throws IOException;
    }

    private int port;
    private AfdGroup group;
    private final CompletionEvents events = new CompletionEvents(1);
    private final MemorySegment taken = Arena.ofAuto().allocate(JAVA_INT);

    @BeforeEach
    void open() throws IOException {
        assumeTrue(Platform.current() instanceof WindowsPlatform, "this system has no AFD");
        port = Kernel32.createPort();
        group = AfdGroup.open(port, 7);
        int interest = Readiness.READABLE;
        while (!group.isFull()) {
            group.add(new PollRequest(0, new Watch(0, 0, interest, PollRequest.conditions(interest))));
        }
    }

    @AfterEach
    void close() {
        if (group != null) {
            group.close(true);
            Kernel32.closeHandle(port);
        }
    }

    private void post(int socket, int condition) {
        int status = group.post(LAST, socket, condition);
        assertTrue(status >= 0, () -> "status " + Integer.toHexString(status) + " for condition " + condition);
    }

    private boolean hasPacket(long millis) {
        if (Kernel32.dequeue(port, events.packets, 1, taken, (int) millis) < 0) {
            return false;
        }
        assertEquals(7, events.key(0));
        assertSame(group.get(LAST), group.at(events.request(0))); // T184
        return true;
    }

    /** Returns whether a socket has one condition, for which it is asked alone. */
    private boolean has(int socket, int condition, long millis) {
        post(socket, condition);
        if (hasPacket(millis)) {
            assertEquals(Windows.STATUS_SUCCESS, group.status(LAST));
            assertEquals(condition, group.conditions(LAST));
            return true;
        }
        group.cancel(LAST);
        assertTrue(hasPacket(Loop.LONG.toMillis()));
        return group.status(LAST) == Windows.STATUS_SUCCESS;
    }

    /** Shows as well that a wrong number of any condition would be noticed. */
    @Test
    void eachConditionIsReportedByItsNumber() throws IOException {
        Map<State, Set<Integer>> answers = new HashMap<>();
        for (State state : State.values()) {
            try (Loop loop = new Loop()) {
                int socket = state.make(loop);
                Set<Integer> found = new HashSet<>();
                for (int condition : ALL) { // first what takes time to arrive
                    if ((state.has & condition) != 0) {
                        assertTrue(has(socket, condition, Loop.LONG.toMillis()), state + " lacks " + condition);
                        found.add(condition);
                    }
                }
                for (int condition : ALL) {
                    if ((state.has & condition) == 0 && has(socket, condition, 0)) {
                        assertEquals(0, state.lacks & condition, state + " has " + condition);
                        found.add(condition);
                    }
                }
                answers.put(state, found);
            }
        }
        List<String> unnoticed = new ArrayList<>();
        for (int condition : ALL) {
            for (int wrong : ALL) {
                if (wrong != condition && answers.entrySet().stream().allMatch(answer ->
                        (answer.getKey().has & condition) == 0 || answer.getValue().contains(wrong))
                    && answers.entrySet().stream().allMatch(answer ->
                        (answer.getKey().lacks & condition) == 0 || !answer.getValue().contains(wrong))) {
                    unnoticed.add(wrong + " for " + condition);
                }
            }
        }
        assertEquals(List.of(), unnoticed);
    }

    @Test
    void aCloseByTheOwnerIsReportedUnasked() throws IOException {
        for (int condition : new int[] {RECEIVE, Windows.AFD_POLL_LOCAL_CLOSE}) {
            try (Loop loop = new Loop()) {
                TcpStream stream = loop.pair()[0];
                post(stream.fd(), condition);
                assertEquals(false, hasPacket(0));
                stream.close();
                assertTrue(hasPacket(Loop.LONG.toMillis()));
                assertEquals(Windows.STATUS_SUCCESS, group.status(LAST));
                assertEquals(Windows.AFD_POLL_LOCAL_CLOSE, group.conditions(LAST));
            }
        }
    }

    @Test
    void aRequestThatWasCancelledHasItsPacket() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            post(pair[0].fd(), RECEIVE);
            group.cancel(LAST);
            assertTrue(hasPacket(Loop.LONG.toMillis()));
            assertEquals(Windows.STATUS_CANCELLED, group.status(LAST));

            post(pair[0].fd(), RECEIVE);
            pair[1].write(new byte[1], 0, 1);
            Loop.until("complete", () -> group.status(LAST) != Windows.STATUS_PENDING);
            group.cancel(LAST); // too late
            assertTrue(hasPacket(Loop.LONG.toMillis()));
            assertEquals(RECEIVE, group.conditions(LAST));
        }
    }
}
