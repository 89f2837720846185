package io.panamio.bench.rig;

/** One of Panamio's examples as it is, and beside it what tells its allocations. */
public final class Example {
    private Example() {
    }

    /** Takes what the examples take. */
    public static void main(String[] args) {
        Allocations.answer();
        io.panamio.examples.Main.main(args);
    }
}
