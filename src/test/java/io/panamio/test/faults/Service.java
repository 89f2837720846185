package io.panamio.test.faults;

import io.panamio.Feature;
import io.panamio.test.support.Background;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Random;

/** An example program that serves, and its clients. */
enum Service {
    ECHO("echo --host 127.0.0.1 --port 0"),
    PROXY_COPY("proxy --listen 127.0.0.1:0 --to 127.0.0.1:PORT --mode copy"),
    PROXY_SPLICE("proxy --listen 127.0.0.1:0 --to 127.0.0.1:PORT --mode splice"),
    PROXY_RING("proxy --listen 127.0.0.1:0 --to 127.0.0.1:PORT --mode ring"),
    SEND_FILE("send DIRECTORY/2 --host 127.0.0.1 --port 0 --by sendfile"),
    SEND_ZERO_COPY("send DIRECTORY/2 --host 127.0.0.1 --port 0 --by zerocopy"),
    SEND_WRITE("send DIRECTORY/2 --host 127.0.0.1 --port 0 --by write"),
    SERVE("serve DIRECTORY --host 127.0.0.1 --port 0 --no-log --valid-time 0");

    /** More than the system's buffers of a connection hold. */
    private static final int LARGE = 5_000_000;
    private static final byte[][] FILES = {random(1000), random(300_000), random(LARGE)};

    private final String command;

    Service(String command) {
        this.command = command;
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    boolean isAvailable() {
        return switch (this) {
            case PROXY_SPLICE -> Feature.SPLICE.isAvailable();
            case PROXY_RING -> Feature.MIRRORED_MEMORY.isAvailable();
            case SEND_FILE -> Feature.SEND_FILE.isAvailable();
            default -> true;
        };
    }

    /** Whether a connection to the server behind it belongs to each client. */
    boolean hasServer() {
        return command.contains("PORT");
    }

    /** {@return how many descriptors of pipes clients may need: as many stay open} */
    long pipes(int clients) {
        return this == PROXY_SPLICE ? 4 * clients : 0;
    }

    /** {@return the arguments, for a directory of files and a server that echoes} */
    String[] arguments(Path directory, int server) throws IOException {
        for (int i = 0; i < FILES.length; i++) {
            Files.write(directory.resolve(Integer.toString(i)), FILES[i]);
        }
        return command.replace("DIRECTORY", directory.toString()).replace("PORT", Integer.toString(server)).split(" ");
    }

    /** A server that sends back what it receives. */
    static ServerSocket server() throws IOException {
        ServerSocket server = new ServerSocket(0, 100, InetAddress.getByName("127.0.0.1"));
        Background.echo(server, socket -> { });
        return server;
    }

    /** Connects a client that has many exchanges, or one. */
    Client client(int port, boolean many) throws IOException {
        return switch (this) {
            case ECHO, PROXY_COPY, PROXY_SPLICE, PROXY_RING -> new Client.Echoed(port, many ? 5000 : 100, false);
            case SEND_FILE, SEND_ZERO_COPY, SEND_WRITE -> new Client.Receiver(port, FILES[2], many ? 100_000 : LARGE);
            case SERVE -> new Client.Browser(port, FILES[0], FILES[1]);
        };
    }

    /** Connects a client whose output waits; null if it is like the others. */
    Client slow(int port) throws IOException {
        return this == ECHO || hasServer() ? new Client.Echoed(port, LARGE, true) : null;
    }

    /** Connects, has an exchange, and ends the connection in order. */
    void visit(int port) throws IOException {
        try (Client client = client(port, false)) {
            client.exchange();
            client.finish();
        }
    }

    /** Changes a file, so that it is opened again. */
    void touch(Path directory) throws IOException {
        if (this == SERVE) {
            for (String file : List.of("0", "1")) {
                Path path = directory.resolve(file);
                Files.setLastModifiedTime(path, FileTime.fromMillis(Files.getLastModifiedTime(path).toMillis() + 1000));
            }
        }
    }
}
