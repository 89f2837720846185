package io.panamio.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;

/** A poll. */
@Name("io.panamio.Poll")
@Label("Poll")
@Category("Panamio")
@Description("A poll, from its call to its return")
@Enabled(false)
@Threshold("20 ms")
@StackTrace(false)
final class PollEvent extends Event {
    @Label("Events")
    @Description("The number of events returned")
    int events;

    @Label("Timeout")
    @Description("The maximum time to wait")
    @Timespan(Timespan.NANOSECONDS)
    long timeout;

    static PollEvent begun() {
        PollEvent event = new PollEvent();
        event.begin();
        return event;
    }

    void record(int n, long nanos) {
        end();
        if (shouldCommit()) {
            events = n;
            timeout = nanos < 0 ? Long.MAX_VALUE : nanos; // which the tools show as forever
            commit();
        }
    }
}
