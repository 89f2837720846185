package io.panamio.examples.proxy;

import java.util.Locale;

/** What a proxy has done so far. For the loop's thread. */
final class Statistics {
    /** What has gone one way, and by how many calls. A splice stands for two or three system calls. */
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
    /** Connections that ended before the server was reached: as a rule it refused them. */
    long refused;
    /** Connections that ended by a reset or another failure, of one side or of this proxy's end. */
    long failed;
    /** Those of them that were ended as they took too long: to connect, or between two events. */
    long timedOut;
    long polls;

    /** Connections and bytes, for people. */
    String text(int now, int most, Resources resources) {
        return String.format(Locale.ROOT, "connections  %d now (%d at most), %d total, %d refused, %d failed, "
                + "%d timed out%n", now, most, total, refused, failed, timedOut)
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
