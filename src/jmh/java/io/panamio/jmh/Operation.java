package io.panamio.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One operation of an event loop, done by several contenders, a method each: {@code panamio}, {@code nio}, and
 * {@code c}, which is what the kernel itself costs (see {@link Plain}). All make the same connections on the
 * loopback interface, and the system calls that an operation needs; each makes the calls that it adds besides.
 * Methods with a longer name are variants: over other kinds of memory, or as the class says.
 *
 * <p>{@code nettyEpoll} and {@code nettyUring} are Netty's transports (see {@link Netty}). They are where a whole turn
 * of a loop is measured, as Netty does nothing outside of one: {@link Turn}, {@link UnixTurn}, {@link UdpTurn}, {@link
 * ConnectTurn}, and {@link WakeOther}.
 *
 * <p>Only figures of one run compare, as ratios. With {@code -prof gc}, {@code gc.alloc.rate.norm} is bytes an
 * operation.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class Operation {
    /** For the operations. */
    protected Operation() {
    }

    /** How many sources the polling benchmarks watch. */
    static final int SOURCES = 64;

    /** The sum of the tokens of all sources. */
    static final long ALL_TOKENS = SOURCES * (SOURCES - 1) / 2;

    /** A benchmark that did not do what it should has measured nothing. */
    static void check(boolean asExpected) {
        if (!asExpected) {
            throw new AssertionError("the operation went wrong");
        }
    }
}
