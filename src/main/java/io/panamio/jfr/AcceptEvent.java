package io.panamio.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A connection that was accepted. */
@Name("io.panamio.Accept")
@Label("Accept")
@Category("Panamio")
@Description("A connection that was accepted")
@Enabled(false)
@StackTrace(false)
final class AcceptEvent extends Event {
    @Label("Listener")
    @Description("The listener and its descriptor")
    String listener;

    @Label("Source")
    @Description("The accepted socket and its descriptor")
    String source;

    @Label("Remote Address")
    @Description("Read by another system call; none if the connection had ended")
    String remote;

    static void record(Object from, Object socket, Object address) {
        AcceptEvent event = new AcceptEvent();
        event.listener = from.toString();
        event.source = socket.toString();
        event.remote = address == null ? null : address.toString();
        event.commit();
    }
}
