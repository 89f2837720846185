package io.panamio.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One operation of an event loop, performed by several contenders, each with a method: {@code panamio}, {@code nio},
 * and {@code c}, which shows the cost of the kernel itself (see {@link Plain}). All use the same kind of connection on
 * the loopback interface and make the system calls that the operation needs, plus those that the contender adds.
 * Methods with a longer name are variants: over other kinds of memory, or as documented in the class.
 *
 * <p>{@code nettyEpoll} and {@code nettyUring} are Netty's transports (see {@link Netty}). They take part where a whole
 * turn of a loop is measured, as Netty does nothing outside of one: {@link Turn}, {@link UnixTurn}, {@link UdpTurn},
 * {@link ConnectTurn}, and {@link WakeOther}.
 *
 * <p>Only figures of one run can be compared, as ratios. With {@code -prof gc}, {@code gc.alloc.rate.norm} is the
 * number of bytes allocated for an operation.
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

    /** The number of sources that the polling benchmarks watch. */
    static final int SOURCES = 64;

    /** The sum of the tokens of all sources. */
    static final long ALL_TOKENS = SOURCES * (SOURCES - 1) / 2;

    /** Fails if an operation did not do what it should, as its figure would be meaningless. */
    static void check(boolean asExpected) {
        if (!asExpected) {
            throw new AssertionError("the operation did not have the expected result");
        }
    }
}
