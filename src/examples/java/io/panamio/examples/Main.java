package io.panamio.examples;

import io.panamio.examples.linux.Watch;
import io.panamio.examples.log.LogFile;
import io.panamio.examples.proxy.Proxy;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.TypeConversionException;

/** The examples' command line. Exit codes: 0 done, 1 failed, 2 bad arguments. */
@Command(name = "panamio-examples", mixinStandardHelpOptions = true, version = "panamio 0.1.0-SNAPSHOT",
    description = "Programs on Panamio, mio for the JVM.", synopsisSubcommandLabel = "COMMAND",
    subcommands = {Echo.class, Bench.class, Demo.class, Watch.class, Send.class, Proxy.class, Serve.class,
        Capabilities.class})
public final class Main {
    private Main() {
    }

    /**
     * Runs a command.
     *
     * @param args its name and arguments
     */
    public static void main(String[] args) {
        CommandLine main = new CommandLine(new Main());
        main.getSubcommands().values().forEach(command -> {
            CommandLine help = new CommandLine(new HelpCommand());
            help.getCommandSpec().usageMessage().hidden(true);
            command.addSubcommand(help).getCommandSpec().usageMessage().synopsisSubcommandLabel("");
            command.getCommandSpec().version(main.getCommandSpec().version());
        });
        main.addSubcommand(new HelpCommand());
        main.registerConverter(Path.class, Main::path);
        main.setCaseInsensitiveEnumValuesAllowed(true).setExecutionExceptionHandler((e, command, parsed) -> {
            if (!(e instanceof IOException || e instanceof UnsupportedOperationException)) { // such as no back end
                throw e;
            }
            LogFile.standardError().write(command.getCommandName() + ": " + e.getMessage());
            return 1;
        });
        System.exit(execute(main, args));
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'" + text + "' is not a path in "
                + System.getProperty("sun.jnu.encoding")
                + ", the encoding of file names in this JVM, which is that of the locale: try LC_ALL=C.UTF-8");
        }
    }

    private static int execute(CommandLine main, String[] args) {
        int code;
        try {
            code = main.execute(args);
        } catch (OutOfMemoryError e) {
            System.err.println("out of memory: " + e.getMessage() + " (raise the JVM's -Xmx)");
            return 1;
        }
        if (System.out.checkError()) { // a PrintWriter does not throw
            System.err.println("cannot write to standard output");
            return Math.max(code, 1);
        }
        return code;
    }
}
