package io.panamio.bench.rig;

/** Runs an example of Panamio unchanged, with a thread that reports its allocations. */
public final class Example {
    private Example() {
    }

    /** Takes the arguments of the examples. */
    public static void main(String[] args) {
        Allocations.answer();
        io.panamio.examples.Main.main(args);
    }
}
