package io.panamio.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A request for memory of a segment pool. */
@Name("io.panamio.Lease")
@Label("Lease")
@Category("Panamio")
@Description("A request for memory of a segment pool")
@Enabled(false)
@StackTrace(true)
final class LeaseEvent extends Event {
    @Label("Requested")
    @Description("The minimum size that was requested")
    @DataAmount
    long requested;

    @Label("Bytes")
    @Description("The size of the lease; 0 if the limit of the pool is reached")
    @DataAmount
    long bytes;

    @Label("Acquired")
    @Description("What is acquired from the pool, this lease included")
    @DataAmount
    long acquired;

    @Label("Reserved")
    @Description("What the pool has reserved from the system")
    @DataAmount
    long reserved;

    static void record(long asked, long given, long poolAcquired, long poolReserved) {
        LeaseEvent event = new LeaseEvent();
        event.requested = asked;
        event.bytes = given;
        event.acquired = poolAcquired;
        event.reserved = poolReserved;
        event.commit();
    }
}
