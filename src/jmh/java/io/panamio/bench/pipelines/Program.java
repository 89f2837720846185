package io.panamio.bench.pipelines;

import io.panamio.bench.rig.Contender;
import java.io.IOException;
import java.util.List;

/**
 * A file server or a proxy that can be started.
 *
 * @param name its name in the tables
 * @param proxy whether it is a proxy
 * @param isJava whether it reports its allocations
 * @param start starts it
 */
record Program(String name, boolean proxy, boolean isJava, Start start) implements Contender {
    /** Prepares a program's start. */
    interface Start {
        /** Returns the command that makes it listen on a port of the loopback interface. */
        List<String> command(int port) throws IOException, InterruptedException;
    }

    /** Returns a program of this project. */
    static Program ofJava(String name, boolean proxy, Start start) {
        return new Program(name, proxy, true, start);
    }

    /** Returns a program that is not part of this project. */
    static Program ofSystem(String name, boolean proxy, Start start) {
        return new Program(name, proxy, false, start);
    }

    /** Returns whether it takes part with a body. */
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
