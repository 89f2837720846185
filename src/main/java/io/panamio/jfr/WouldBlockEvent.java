package io.panamio.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** An operation that would block. */
@Name("io.panamio.WouldBlock")
@Label("Would Block")
@Category("Panamio")
@Description("An operation that would block: a system call that transferred nothing")
@Enabled(false)
@StackTrace(false)
final class WouldBlockEvent extends Event {
    @Label("Source")
    @Description("The source and its descriptor")
    String source;

    @Label("Operation")
    String operation;

    static void record(Object of, String name) {
        WouldBlockEvent event = new WouldBlockEvent();
        event.source = of.toString();
        event.operation = name;
        event.commit();
    }
}
