package io.panamio.test.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.RingBuffer;
import io.panamio.test.support.Child;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Qemu;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the library adds to the mappings and to the native memory of a process, whatever the number of sources. */
class FootprintTest {
    private static final int PAIRS = 1000;
    private static final int BOUND = 4; // mappings
    private static final int KILOBYTES = 512;

    /** Prints by how many mappings and how many KiB a process grows for a Poll, sources, more, and rings. */
    static final class Growing {
        private static final Path SELF = Path.of("/proc/self");
        private static final int RINGS = 100;

        private static long mappings;
        private static long kilobytes;

        public static void main(String[] args) throws IOException {
            try (Poll first = Poll.open()) { // loads and links everything beforehand
                List<UnixStream> streams = pairs(first, 10);
                exchange(first, Events.withCapacity(64), streams, new byte[100]);
                streams.forEach(UnixStream::close);
            }
            RingBuffer.allocate(Arena.ofAuto(), 1).toString();
            System.gc();
            grown();
            System.out.print(grown());
            Poll poll = Poll.open();
            Events events = Events.withCapacity(64);
            byte[] bytes = new byte[100];
            System.out.print(grown());
            List<UnixStream> streams = pairs(poll, PAIRS);
            exchange(poll, events, streams, bytes);
            System.out.print(grown());
            List<UnixStream> more = pairs(poll, PAIRS);
            exchange(poll, events, more, bytes);
            System.out.print(grown());
            try (Arena arena = Arena.ofConfined()) {
                for (int i = 0; i < RINGS; i++) {
                    RingBuffer.allocate(arena, 1 << 16);
                }
                System.out.print(grown());
            }
            System.out.print(grown());
            streams.forEach(UnixStream::close);
            more.forEach(UnixStream::close);
            poll.close();
        }

        private static List<UnixStream> pairs(Poll poll, int count) throws IOException {
            List<UnixStream> streams = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                for (UnixStream stream : UnixStream.pair()) {
                    poll.registry().register(stream, streams.size(), Interest.READABLE);
                    streams.add(stream);
                }
            }
            return streams;
        }

        private static void exchange(Poll poll, Events events, List<UnixStream> streams, byte[] bytes)
                throws IOException {
            for (UnixStream stream : streams) {
                if (stream.write(bytes, 0, 100) != 100) {
                    throw new AssertionError();
                }
            }
            for (int read = 0; read < streams.size();) {
                poll.poll(events);
                for (Event event : events) {
                    while (streams.get((int) event.token()).read(bytes, 0, 100) != IoResult.WOULD_BLOCK) {
                        read++;
                    }
                }
            }
        }

        private static String grown() throws IOException {
            long newMappings;
            try (Stream<String> lines = Files.lines(SELF.resolve("maps"))) {
                newMappings = lines.count();
            }
            Matcher m = Pattern.compile("VmData:\\s+(\\d+) kB").matcher(Files.readString(SELF.resolve("status")));
            if (!m.find()) {
                throw new AssertionError();
            }
            long newKilobytes = Long.parseLong(m.group(1));
            String text = newMappings - mappings + " " + (newKilobytes - kilobytes) + "\n";
            mappings = newMappings;
            kilobytes = newKilobytes;
            return text;
        }
    }

    /** The bounds are those of the page on reliability. */
    @Test
    @Tag("any-platform")
    void mappingsAndMemoryStayWithinBounds() throws Exception {
        Proc.require("self/maps");
        Qemu.lacks("mappings of the program alone");
        String out = new Child().under("env", "MALLOC_ARENA_MAX=1").with("-Xint", "-Xms32m", "-Xmx32m",
            "-XX:+AlwaysPreTouch").run(Growing.class).ok();
        List<long[]> grown =
            out.lines().map(l -> Stream.of(l.split(" ")).mapToLong(Long::parseLong).toArray()).toList();
        assertEquals(6, grown.size(), out);
        for (int i = 1; i <= 3; i++) { // a Poll, 2000 streams, 2000 more
            assertTrue(grown.get(i)[0] <= BOUND && grown.get(i)[1] <= KILOBYTES, out);
        }
        assertTrue(grown.get(4)[0] <= 2 * Growing.RINGS + BOUND && grown.get(4)[1] <= KILOBYTES, out);
        assertTrue(grown.get(5)[0] <= BOUND - 2 * Growing.RINGS, out);
    }
}
