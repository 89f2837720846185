package io.panamio.test.soak;

import io.panamio.Feature;
import java.util.Arrays;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.concurrent.atomic.LongAdder;

/** The calls of the library, by kind. */
final class Calls {
    /** The kinds. */
    enum Kind {
        POLL, REGISTER, STREAM, PIPE, DATAGRAM, TLS, THREAD, CONNECT, CLOSE, WAKE, TIMER
    }

    private final LongAdder[] counts = new LongAdder[Kind.values().length];

    Calls() {
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    void add(Kind kind) {
        counts[kind.ordinal()].increment();
    }

    void add(Kind kind, long n) {
        counts[kind.ordinal()].add(n);
    }

    long of(Kind kind) {
        return counts[kind.ordinal()].sum();
    }

    /** {@return all but those of timers, which make no system call} */
    long sum() {
        long sum = 0;
        for (Kind kind : Kind.values()) {
            sum += kind == Kind.TIMER ? 0 : of(kind);
        }
        return sum;
    }

    /** {@return whether there was none of a kind that is possible here} */
    boolean lackOne() {
        return Arrays.stream(Kind.values())
            .anyMatch(kind -> of(kind) == 0 && (kind != Kind.PIPE || Feature.PIPES.isAvailable()));
    }

    @Override
    public String toString() {
        StringJoiner s = new StringJoiner(", ");
        for (Kind kind : Kind.values()) {
            s.add(kind.name().toLowerCase(Locale.ROOT) + " " + of(kind));
        }
        return s.toString();
    }
}
