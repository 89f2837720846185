package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A model of the wake protocol, of {@code WakeState} and its use in {@code Selector}: every interleaving of a poller with
 * threads that wake it, which no race of real threads reaches. Each step is one access to what the threads share.
 */
@Tag("any-platform")
class WakeModelTest {
    private static final int WAKERS = 3;
    private static final int WAKES = 2; // of each

    /** The protocol, and faults that the model must find. */
    private enum Protocol {
        RIGHT,
        /** The poller looks for reasons before it declares that it sleeps. */
        LOOKS_FIRST,
        /** A waker looks whether the poller sleeps before it adds its reason. */
        WAKES_LATE,
        /** The notification is claimed by a read and a write, not by a compare-and-set. */
        NO_CAS
    }

    private enum Poller {
        AWAY, AWAKE, ASLEEP
    }

    /** Where the poller is in its program. */
    private enum At {
        OUTSIDE, SEES_NOTIFIED, SEES_PENDING, DECLARES, WAITS, ARRIVED, SEES_NOTIFIED_AGAIN, SEES_PENDING_AGAIN, TAKES,
        SLEEPS_AGAIN, ENDS
    }

    /**
     * What is shared, then the poller's place, whether its poll may sleep and whether it has seen reasons, then where
     * each waker is: its next step, plus ten times the wakes that it has made.
     */
    private record State(Poller poller, boolean pending, boolean notified, boolean sent, At at, boolean sleeps,
            boolean due, int wakers) {
        int waker(int i) {
            return wakers >> 8 * i & 255;
        }

        State at(At next) {
            return new State(poller, pending, notified, sent, next, sleeps, due, wakers);
        }

        State due(boolean value, At next) {
            return new State(poller, pending, notified, sent, next, sleeps, value, wakers);
        }

        State poller(Poller value, At next) {
            return new State(value, pending, notified, sent, next, sleeps, due, wakers);
        }

        State shared(boolean newPending, boolean newNotified, boolean newSent) {
            return new State(poller, newPending, newNotified, newSent, at, sleeps, due, wakers);
        }

        State waker(int i, int step) {
            return new State(poller, pending, notified, sent, at, sleeps, due,
                wakers & ~(255 << 8 * i) | step << 8 * i);
        }

        /** The waker's wake is over. */
        State woken(int i) {
            return waker(i, (waker(i) / 10 + 1) * 10);
        }
    }

    private final Map<State, State> before = new HashMap<>();
    private final Deque<State> left = new ArrayDeque<>();
    private Protocol protocol;
    private State fault;

    @Test
    void noWakeIsLostAndOneNotificationIsPendingAtMost() {
        explore(Protocol.RIGHT);
        assertNull(fault, () -> trace(fault));
        assertTrue(before.size() > 10_000, "states: " + before.size());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RIGHT")
    void faultsOfTheProtocolAreFound(Protocol wrong) {
        explore(wrong);
        assertNotNull(fault);
    }

    private void explore(Protocol how) {
        protocol = how;
        State first = new State(Poller.AWAY, false, false, false, At.OUTSIDE, false, false, 0);
        before.put(first, first);
        left.add(first);
        while (fault == null && !left.isEmpty()) {
            State s = left.remove();
            Consumer<State> to = next -> {
                if (before.putIfAbsent(next, s) == null) {
                    left.add(next);
                }
            };
            boolean over = true;
            for (int i = 0; i < WAKERS; i++) {
                if (s.waker(i) < 10 * WAKES) {
                    wake(s, i, to);
                    over = false;
                }
            }
            boolean waits = s.at == At.WAITS && !s.sent && s.sleeps && !s.due;
            if (!waits) {
                poll(s, to);
            } else if (over && (s.pending || s.notified)) {
                fault = s; // it sleeps for ever, although there was a wake, or later ones would not be sent
            }
        }
    }

    private void poll(State s, Consumer<State> to) {
        switch (s.at) {
            case OUTSIDE -> {
                boolean late = protocol == Protocol.LOOKS_FIRST;
                for (boolean sleeps : new boolean[] {false, true}) {
                    to.accept(new State(sleeps && !late ? Poller.ASLEEP : Poller.AWAKE, s.pending, s.notified, s.sent,
                        At.SEES_NOTIFIED, sleeps, false, s.wakers));
                }
            }
            case SEES_NOTIFIED -> to.accept(s.due(false, s.notified ? At.DECLARES : At.SEES_PENDING));
            case SEES_PENDING -> to.accept(s.due(s.pending, At.DECLARES));
            case DECLARES -> to.accept(s.sleeps && protocol == Protocol.LOOKS_FIRST ? s.poller(Poller.ASLEEP, At.WAITS)
                : s.at(At.WAITS));
            case WAITS -> to.accept(s.sent ? s.shared(s.pending, s.notified, false).at(At.ARRIVED)
                : s.at(At.SEES_NOTIFIED_AGAIN));
            case ARRIVED -> to.accept(s.shared(s.pending, false, s.sent).at(At.SEES_NOTIFIED_AGAIN));
            case SEES_NOTIFIED_AGAIN -> to.accept(s.at(s.notified ? At.SLEEPS_AGAIN : At.SEES_PENDING_AGAIN));
            case SEES_PENDING_AGAIN -> to.accept(s.at(s.pending ? At.TAKES : At.SLEEPS_AGAIN));
            case TAKES -> to.accept(s.shared(false, s.notified, s.sent).at(At.ENDS)); // and reports
            case SLEEPS_AGAIN -> to.accept(!s.sleeps ? s.at(At.ENDS)
                : protocol == Protocol.LOOKS_FIRST ? s.poller(Poller.AWAKE, At.SEES_NOTIFIED)
                : s.poller(Poller.ASLEEP, At.SEES_NOTIFIED));
            case ENDS -> to.accept(s.poller(Poller.AWAY, At.OUTSIDE).due(false, At.OUTSIDE));
        }
    }

    private void wake(State s, int i, Consumer<State> to) {
        int step = s.waker(i);
        boolean asleep = s.poller == Poller.ASLEEP;
        State added = s.shared(true, s.notified, s.sent);
        switch (step % 10) {
            case 0 -> to.accept(protocol == Protocol.WAKES_LATE ? s.waker(i, step + (asleep ? 7 : 8))
                : added.waker(i, step + 1));
            case 1 -> to.accept(asleep ? s.waker(i, step + 1) : s.woken(i));
            case 2 -> to.accept(s.notified ? s.woken(i) : s.waker(i, step + 1));
            case 3 -> to.accept(s.pending ? s.waker(i, step + 1) : s.woken(i));
            case 4 -> to.accept(s.notified && protocol != Protocol.NO_CAS ? s.woken(i)
                : s.shared(s.pending, true, s.sent).waker(i, step + 1));
            case 5 -> {
                if (s.sent) {
                    fault = s; // a second notification
                }
                to.accept(s.shared(s.pending, s.notified, true).woken(i));
            }
            case 7 -> to.accept(added.waker(i, step - 5));
            default -> to.accept(added.woken(i));
        }
    }

    private String trace(State last) {
        StringBuilder trace = new StringBuilder();
        for (State s = last; before.get(s) != s; s = before.get(s)) {
            trace.insert(0, "\n" + s);
        }
        return trace.toString();
    }
}
