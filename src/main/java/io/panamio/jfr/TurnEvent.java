package io.panamio.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/** The time between two polls of a thread. */
@Name("io.panamio.Turn")
@Label("Turn")
@Category("Panamio")
@Description("The time between two polls, in which a loop handles events; other sources wait")
@Enabled(false)
@Threshold("20 ms")
@StackTrace(false)
final class TurnEvent extends Event {
    @Label("Events")
    @Description("The number of events that the poll before had returned")
    int events;

    static TurnEvent begun(int n) {
        TurnEvent event = new TurnEvent();
        event.events = n;
        event.begin();
        return event;
    }

    void record() {
        end();
        commit(); // unless it was shorter than the threshold
    }
}
