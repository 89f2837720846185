package io.panamio.bench.pipelines;

import io.panamio.bench.rig.Contender;
import java.io.IOException;
import java.util.List;

/**
 * A file server or a proxy that can be started.
 *
 * @param name its name in the tables
 * @param proxy whether it is a proxy
 * @param isJava whether it tells what it allocates
 * @param start what starts it
 */
record Program(String name, boolean proxy, boolean isJava, Start start) implements Contender {
    /** Makes what a program needs. */
    interface Start {
        /** Returns the command that makes it listen on a port of the loopback. */
        List<String> command(int port) throws IOException, InterruptedException;
    }

    /** A program of ours. */
    static Program ofJava(String name, boolean proxy, Start start) {
        return new Program(name, proxy, true, start);
    }

    /** Somebody else's. */
    static Program ofSystem(String name, boolean proxy, Start start) {
        return new Program(name, proxy, false, start);
    }

    /** Whether it can be asked for a body in this way. */
    boolean takesPartIn(Body body) {
        return body.proxy() == proxy;
    }

    @Override
    public List<String> command(int port) throws IOException, InterruptedException {
        return start.command(port);
    }

    @Override
    public String toString() {
        return name;
    }
}
