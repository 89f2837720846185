package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Feature;

/** Determines whether more may be pending in a stream after a short read. */
public final class ShortReads {
    private static final boolean URGENT_DATA_IS_SILENT = !Feature.PRIORITY.isAvailable();

    private ShortReads() {
    }

    /**
     * Returns whether to read on after a short read, until a read would block: a FIN that arrives with the last data
     * has no event of its own, and a read stops at urgent data, which some systems do not report.
     *
     * @param events the events of a poll
     * @param i the index of an event of a stream
     * @return whether more may be pending after a short read
     */
    public static boolean mayHideMore(Events events, int i) {
        return events.isReadClosed(i) || events.isError(i) || events.isPriority(i)
            || URGENT_DATA_IS_SILENT && events.isReadable(i);
    }
}
