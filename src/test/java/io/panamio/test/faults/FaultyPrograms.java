package io.panamio.test.faults;

import io.panamio.examples.Main;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts example programs whose calls fail by a plan. */
final class FaultyPrograms implements AutoCloseable {
    final Plan plan;
    final ErrorTable errors;
    /** A directory for the files of the programs. */
    final Path files;
    private final Programs programs;
    private final ServerSocket server = Service.server();
    private final Path file;
    private final String library;

    FaultyPrograms(Path directory) throws IOException, InterruptedException {
        Path built = FaultsTest.build(Files.createDirectory(directory.resolve("library")));
        library = "-Dpanamio.test.library=" + built;
        file = directory.resolve("plan");
        plan = Plan.shared(built, file);
        errors = new ErrorTable(FaultsTest.SOURCES.resolve("errors.txt"));
        files = Files.createDirectory(directory.resolve("files"));
        programs = new Programs(directory);
    }

    /** {@return the port of a server that echoes} */
    int port() {
        return server.getLocalPort();
    }

    Program start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("env", "PANAMIO_FAULTS=" + file));
        command.addAll(List.of(programs.exampleCommand(List.of(library), Main.class, arguments)));
        return programs.start(command.toArray(String[]::new));
    }

    @Override
    public void close() throws IOException {
        programs.close();
        server.close();
    }
}
