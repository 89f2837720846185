package io.panamio.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Something that was not closed or released. */
@Name("io.panamio.Leak")
@Label("Leak")
@Category("Panamio")
@Description("A source that became unreachable without a close, or a lease that was never released")
@Enabled(false)
@StackTrace(false)
final class LeakEvent extends Event {
    @Label("Kind")
    @Description("The class of the source, or that of a lease")
    String kind;

    @Label("Descriptor")
    @Description("The descriptor of the source; -1 for a lease")
    int descriptor;

    @Label("Bytes")
    @Description("The size of the lease; 0 for a source")
    @DataAmount
    long bytes;

    @Label("Origin")
    @Description("Where it was created, if that is tracked")
    String origin;

    static void record(String what, int fd, long size, Throwable created) {
        LeakEvent event = new LeakEvent();
        event.kind = what;
        event.descriptor = fd;
        event.bytes = size;
        event.origin = created == null ? null : caller(created);
        event.commit();
    }

    /** Returns the first frame outside the library, otherwise the outermost one. */
    private static String caller(Throwable created) {
        String frame = null;
        for (StackTraceElement element : created.getStackTrace()) {
            frame = element.toString();
            if (!element.getClassName().startsWith("io.panamio.")) {
                break;
            }
        }
        return frame;
    }
}
