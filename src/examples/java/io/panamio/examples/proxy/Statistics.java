package io.panamio.examples.proxy;

import java.util.Locale;

/** The counters of a proxy. Confined to the thread of its loop. */
final class Statistics {
    /** Counters of one direction. A splice is counted once, although it takes two or three system calls. */
    static final class Way {
        long bytes;
        long reads;
        long writes;
        long splices;
    }

    final Way up = new Way();
    final Way down = new Way();
    /** The number of connections that were accepted. */
    long total;
    /** The number of those that ended before the server was connected, usually because it refused. */
    long refused;
    /** The number of those that were ended later by a reset, another failure, or the end of this proxy. */
    long failed;
    /** How many of the refused and failed ones timed out, while connecting or idle. */
    long timedOut;
    long polls;

    /** Returns the counters as text. */
    String text(int now, int max, Resources resources) {
        return String.format(Locale.ROOT, "connections  %d now (%d at most), %d total, %d refused, %d failed, "
                + "%d timed out%n", now, max, total, refused, failed, timedOut)
            + way("to server", up) + way("to client", down)
            + String.format(Locale.ROOT, "calls        %d polls%n", polls)
            + String.format(Locale.ROOT, "waiting      %d bytes of buffers, %d rings, %d idle pipes",
                resources.bytesWaiting(), resources.ringsInUse(), resources.idlePipes());
    }

    private static String way(String name, Way way) {
        return String.format(Locale.ROOT, "%-12s %d bytes, %d reads, %d writes, %d splices%n",
            name, way.bytes, way.reads,
            way.writes, way.splices);
    }
}
