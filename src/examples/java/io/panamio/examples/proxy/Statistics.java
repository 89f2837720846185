package io.panamio.examples.proxy;

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
    long polls;

    /** Connections and bytes, for people. */
    String text(int now, int most, Resources resources) {
        return String.format("connections  %d now (%d at most), %d total, %d refused, %d failed%n", now, most, total,
                refused, failed)
            + way("to server", up) + way("to client", down)
            + String.format("calls        %d polls%n", polls)
            + String.format("waiting      %d bytes of buffers, %d rings, %d idle pipes%n", resources.bytesWaiting(),
                resources.ringsInUse(), resources.idlePipes());
    }

    private static String way(String name, Way way) {
        return String.format("%-12s %d bytes, %d reads, %d writes, %d splices%n", name, way.bytes, way.reads,
            way.writes, way.splices);
    }
}
