package io.panamio.bench.echo;

/** The contender {@code panamio}: the example as it is, and beside it what tells its allocations. */
final class PanamioEcho {
    private PanamioEcho() {
    }

    /** {@code --port PORT [--spin MICROS]}. */
    public static void main(String[] args) {
        Allocations.answer();
        String[] command = new String[args.length + 3];
        command[0] = "echo";
        command[1] = "--host";
        command[2] = "127.0.0.1";
        System.arraycopy(args, 0, command, 3, args.length);
        io.panamio.examples.Main.main(command);
    }
}
