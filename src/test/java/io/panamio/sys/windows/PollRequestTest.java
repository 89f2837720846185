package io.panamio.sys.windows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.sys.Readiness;
import io.panamio.sys.Watch;
import io.panamio.sys.windows.PollRequest.State;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a completion of a poll request becomes: the event, and the next request. The bits and the status codes are
 * numbers here, as AFD gives them, also those that it gives on Windows only and never on Wine.
 */
@Tag("any-platform")
class PollRequestTest {
    private static final int SUCCESS = 0;
    private static final int TIMEOUT = 0x102;
    private static final int CANCELLED = 0xC000_0120;
    private static final int INVALID_HANDLE = 0xC000_0008;

    private static PollRequest request(String interest) {
        int bits = 0;
        for (char c : interest.toCharArray()) {
            bits |= switch (c) {
                case 'r' -> Readiness.READABLE;
                case 'w' -> Readiness.WRITABLE;
                case 'p' -> Readiness.PRIORITY;
                case 'h' -> Readiness.HANG_UP;
                case '=' -> Readiness.LEVEL;
                case '1' -> Readiness.ONE_SHOT;
                default -> throw new AssertionError(c);
            };
        }
        PollRequest request = new PollRequest(4, new Watch(4, 7, bits, PollRequest.conditions(bits)));
        request.state = State.PENDING;
        request.asked = request.wanted();
        return request;
    }

    /** Completes a request; returns the event, or null if there is none. */
    private static String complete(PollRequest request, int status, int found) {
        int conditions = request.complete(status, found);
        assertEquals(0, request.asked);
        return conditions == 0 ? null : flags(request.report(conditions));
    }

    private static String flags(int readiness) {
        StringBuilder flags = new StringBuilder();
        String[] names = {"r", "w", "p", "rc", "wc", "e"};
        int[] bits = {Readiness.READABLE, Readiness.WRITABLE, Readiness.PRIORITY, Readiness.READ_CLOSED,
            Readiness.WRITE_CLOSED, Readiness.ERROR};
        for (int i = 0; i < bits.length; i++) {
            flags.append((readiness & bits[i]) == 0 ? "" : " " + names[i]);
        }
        return flags.toString().strip();
    }

    // RECV 1, OOB 2, SEND 4, DISC 8, ABORT 16, LCLOSE 32, CONN 64, ACCEPT 128, CFAIL 256

    @ParameterizedTest
    @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
        interest | asked
        r        | 1 + 128 + 8 + 16 + 256
        w        | 4 + 16 + 256
        rw       | 1 + 128 + 8 + 4 + 16 + 256
        p        | 2 + 16 + 256
        rp       | 1 + 128 + 8 + 2 + 16 + 256
        h        | 8 + 16 + 256
        rw=      | 1 + 128 + 8 + 4 + 16 + 256
        rw1      | 1 + 128 + 8 + 4 + 16 + 256
        """)
    void anInterestAsksForItsConditionsAndForFailures(String interest, String asked) {
        assertEquals(sum(asked), request(interest).wanted());
    }

    private static int sum(String bits) {
        int sum = 0;
        for (String bit : bits.split("\\+")) {
            sum += Integer.parseInt(bit.strip());
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
        interest | found        | event       | asked next         | because
        rw       | 4 + 64       | w           | 1+128+8+16+256     | connected
        r        | 1            | r           | 128+8+16+256       | bytes
        rw       | 1            | r           | 128+8+4+16+256     | bytes
        rw       | 1 + 4        | r w         | 128+8+16+256       | bytes and room
        r        | 128          | r           | 1+8+16+256         | a connection to accept
        r        | 8            | r rc        | 16+256             | the end of the stream
        rw       | 8            | r rc        | 4+16+256           | the end of the stream
        rw       | 4 + 8        | r w rc      | 16+256             | the end of the stream and room
        r        | 1 + 8        | r rc        | 16+256             | bytes and the end: on Windows
        rw       | 1 + 4 + 8    | r w rc      | 16+256             | bytes, the end and room: on Windows
        w        | 4            | w           | 16+256             | room
        h        | 8            | rc          | 16+256             | the end of the stream
        rp       | 2            | r p         | 1+128+8+16+256     | urgent data
        rp       | 1 + 2        | r p         | 128+8+16+256       | urgent data behind bytes
        p        | 2            | r p         | 16+256             | urgent data
        rw       | 4 + 16       | r w rc wc e | 0                  | a reset
        rw       | 4 + 16 + 64  | r w rc wc e | 0                  | a reset: on Windows
        rw       | 16           | r w rc wc e | 0                  | a reset
        r        | 16           | r rc wc e   | 0                  | a reset
        w        | 16           | w rc wc e   | 0                  | a reset
        rw       | 256          | r w rc wc e | 0                  | a connect that was refused
        w        | 256          | w rc wc e   | 0                  | a connect that was refused
        r        | 256          | r rc wc e   | 0                  | a connect that was refused
        r=       | 1            | r           | 1+128+8+16+256     | bytes, level-triggered
        w=       | 4            | w           | 4+16+256           | room, level-triggered
        r1       | 1            | r           | 0                  | bytes, once
        rw1      | 4            | w           | 0                  | room, once
        """)
    void whatWasFoundIsReportedOnceAndNotRequestedAgain(String interest, String found, String event, String next,
            String because) {
        PollRequest request = request(interest);
        assertEquals(event, complete(request, SUCCESS, sum(found)), because);
        assertEquals(sum(next), request.wanted(), because);
        assertEquals(State.IDLE, request.state);
        assertFalse(request.removed);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
        interest | found | event  | asked next
        rw       | 256   | wc e   | 1+128+8+4
        rw       | 1     | r      | 128+8+4+16+256
        rw       | 4     | w      | 1+128+8+16+256
        rw       | 5     | r w    | 128+8+16+256
        """)
    void anErrorOfADatagramIsNotTheEnd(String interest, String found, String event, String next) {
        PollRequest request = request(interest);
        request.datagram = true;
        assertEquals(event, complete(request, SUCCESS, sum(found)));
        assertEquals(sum(next), request.wanted() & ~(sum(found) == 256 ? 16 : 0), "16 is not asked of datagrams");
    }

    @Test
    void theEndThatFollowsBytesIsReported() {
        PollRequest request = request("rw");
        assertEquals("r", complete(request, SUCCESS, 1));
        assertEquals("r rc", complete(request, SUCCESS, 8), "Wine reports the end once the bytes were read");
        assertEquals("r w rc wc e", complete(request, SUCCESS, 16), "and of a reset after a half-close");
        assertEquals(0, request.wanted(), "or a failure would repeat for ever");
    }

    @Test
    void aDirectionThatWasDrainedIsRequestedAgain() {
        PollRequest request = request("rw");
        complete(request, SUCCESS, 1 + 4);
        assertEquals(128 + 8 + 16 + 256, request.wanted());
        assertTrue(request.arm(Readiness.READABLE));
        assertEquals(1 + 128 + 8 + 16 + 256, request.wanted(), "not for the other one");
        assertFalse(request.arm(Readiness.READABLE), "which is so already");
        assertTrue(request.arm(Readiness.WRITABLE));
        assertEquals(1 + 128 + 8 + 4 + 16 + 256, request.wanted());
    }

    @Test
    void theEndIsNotRequestedAgain() {
        PollRequest request = request("rw");
        complete(request, SUCCESS, 8);
        request.arm(Readiness.READABLE);
        assertEquals(0, request.wanted() & 8);
        complete(request, SUCCESS, 16);
        request.arm(Readiness.READABLE | Readiness.WRITABLE);
        assertEquals(0, request.wanted() & (16 + 256));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
        status | found | because
        cancel | 413   | on Wine what was asked for is still there
        cancel | 0     | nothing was found
        time   | 0     | the time of a request is over early
        ok     | 0     | no socket of the request is ready
        ok     | 64    | only what was not asked for
        """)
    void aCompletionWithoutAConditionIsNoEvent(String status, int found, String because) {
        PollRequest request = request("rw");
        int code = status.equals("cancel") ? CANCELLED : status.equals("time") ? TIMEOUT : SUCCESS;
        assertEquals(null, complete(request, code, found), because);
        assertEquals(State.IDLE, request.state);
        assertEquals(1 + 128 + 8 + 4 + 16 + 256, request.wanted(), "asked for again");
        assertFalse(request.removed);
    }

    @Test
    void aCancelThatCameTooLateLosesNothing() { // NtCancelIoFileEx found nothing: the packet is on its way
        PollRequest request = request("rw");
        request.state = State.CANCELLED;
        assertEquals("r", complete(request, SUCCESS, 1));
    }

    @Test
    void aCloseByTheOwnerEndsTheWatch() {
        for (int found : new int[] {32, 32 + 1, 32 + 16}) {
            PollRequest request = request("rw");
            assertEquals(null, complete(request, SUCCESS, found));
            assertTrue(request.removed);
        }
        PollRequest removed = request("rw");
        removed.removed = true;
        removed.state = State.CANCELLED;
        assertEquals(null, complete(removed, SUCCESS, 32), "before the cancel");
        assertEquals(null, complete(removed, SUCCESS, 1 + 16), "no event of a source that was deregistered");
    }

    @Test
    void aRequestThatFailsIsAnErrorOfItsSourceOnce() {
        PollRequest request = request("rw");
        assertEquals("r w rc wc e", complete(request, INVALID_HANDLE, 0));
        assertEquals(State.REFUSED, request.state);
        assertEquals(0, request.own());
        assertEquals(0, request.wanted());
    }

    @Test
    void aShutdownIsReportedAlthoughAfdDoesNotReportIt() {
        PollRequest request = request("rw");
        request.shut = Readiness.READABLE;
        assertEquals("r rc", flags(request.report(request.own())));
        assertEquals(0, request.own(), "once");
        request.shut = Readiness.READABLE | Readiness.WRITABLE;
        assertEquals("r w rc wc", flags(request.report(request.own())));
        assertEquals(0, request.own());

        PollRequest half = request("rw");
        half.shut = Readiness.WRITABLE;
        assertEquals(0, half.own(), "the other side may still send");
        assertEquals("r w rc wc", complete(half, SUCCESS, 8), "until its end");
    }
}
