package io.panamio.examples.proxy;

import java.util.Locale;

/** Counters of a proxy. For the loop's thread. */
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
    /** Connections that were accepted. */
    long total;
    /** Connections that ended before the server was connected: usually it refused them. */
    long refused;
    /** Connections that ended by a reset, another failure, or the end of this proxy. */
    long failed;
    /** Those of the two above that timed out: to connect, or while idle. */
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
