package io.panamio.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A connect. */
@Name("io.panamio.Connect")
@Label("Connect")
@Category("Panamio")
@Description("A connect, from its start until its outcome was returned or thrown")
@Enabled(false)
@StackTrace(true)
final class ConnectEvent extends Event {
    @Label("Source")
    @Description("The stream and its descriptor; none if the connect was refused at once")
    String source;

    @Label("Remote Address")
    String remote;

    @Label("Failure")
    @Description("Why it failed; none if it succeeded")
    String failure;

    static ConnectEvent begun() {
        ConnectEvent event = new ConnectEvent();
        event.begin();
        return event;
    }

    void record(Object stream, Object address, Throwable exception) {
        end();
        if (shouldCommit()) {
            source = stream == null ? null : stream.toString();
            remote = address == null ? null : address.toString();
            failure = exception == null ? null : exception.toString();
            commit();
        }
    }
}
