package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Child;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The code in the README and the pages compiles unchanged: a class as a member, anything else as the body of a method,
 * in a class that declares what the surrounding text mentions. Three dots stand for omitted code. A block that begins
 * with imports is a whole program: that of {@code io.panamio.test.guides}, where a test runs it.
 */
@Tag("any-platform")
class SnippetsTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern TYPE = Pattern.compile("\\s*(final |public |abstract )*(class|interface|record) .*",
        Pattern.DOTALL);

    /** The declarations that the text mentions. */
    private static final String GIVEN = """
        package io.panamio.examples;

        import io.panamio.*;
        import io.panamio.examples.linux.*;
        import io.panamio.memory.*;
        import io.panamio.net.*;
        import io.panamio.pipeline.*;
        import io.panamio.tls.*;
        import java.io.*;
        import java.lang.foreign.*;
        import java.net.*;
        import java.nio.channels.*;
        import java.nio.file.*;
        import java.time.*;
        import java.util.*;
        import java.util.concurrent.*;
        import javax.net.ssl.*;
        import jdk.jfr.consumer.*;

        abstract class Given {
            static final long TIMER = 1;
            static final long PROCESS = 2;
            static final int EAGAIN = 11;
            Poll poll;
            Events events;
            Timers timers;
            Poller poller;
            int i;
            TcpStream stream, client, server;
            TcpListener listener;
            InetSocketAddress address;
            SourceFd source;
            MemorySegment buffer;
            long pid, position, end;
            Path path;
            PipePool pipes;
            SegmentPool pool;
            SSLContext context;
            SSLEngine engine;
            TlsStream tls;
            Queue<Relay> again;
            ZeroCopySender sender;

            abstract void received(TcpStream stream, MemorySegment bytes) throws IOException;

            abstract void fill(MemorySegment memory);

            abstract long read(int fd, MemorySegment memory);
        """;

    @Test
    void theCodeOfEveryPageCompiles(@TempDir Path directory) throws IOException {
        List<Path> pages = new ArrayList<>(List.of(Child.BASE.resolve("README.md")));
        try (Stream<Path> others = Files.list(Child.BASE.resolve("src/site/markdown"))) {
            others.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        StringBuilder code = new StringBuilder(GIVEN);
        int blocks = 0;
        for (Path page : pages) {
            Matcher block = BLOCK.matcher(Files.readString(page));
            while (block.find()) {
                if (block.group(1).startsWith("import ")) {
                    requireProgram(page, block.group(1));
                    continue;
                }
                String text = block.group(1).replaceAll("…|(?m)^\\.\\.\\.$", "");
                code.append("\n// " + page.getFileName() + "\nabstract class Block" + blocks++ + " extends Given {\n"
                    + (TYPE.matcher(text).matches() ? text : "void run() throws Exception {\n" + text + "}\n") + "}\n");
            }
        }
        assertTrue(blocks >= 7, blocks + " blocks of code");
        Path source = Files.writeString(directory.resolve("Given.java"), code + "}\n");
        StringWriter messages = new StringWriter();
        PrintWriter out = new PrintWriter(messages);
        int status = ToolProvider.findFirst("javac").orElseThrow().run(out, out, "-proc:none", "-d",
            directory.toString(), "-cp", Child.CLASSES + ":" + Child.BASE.resolve("target/test-classes"),
            source.toString());
        assertEquals(0, status, messages + "\n" + code);
    }

    private static void requireProgram(Path page, String text) throws IOException {
        Matcher name = Pattern.compile("public final class (\\w+) ").matcher(text);
        assertTrue(name.find(), page + ": no class in " + text);
        String program = Files.readString(
            Child.BASE.resolve("src/test/java/io/panamio/test/guides/" + name.group(1) + ".java"));
        assertEquals("package io.panamio.test.guides;\n\n" + text, program, page.toString());
    }
}
