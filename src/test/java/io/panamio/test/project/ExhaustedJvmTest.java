package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.Timers;
import io.panamio.examples.TurnQueue;
import io.panamio.net.Pipe;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.test.support.Child;
import io.panamio.test.support.Heap;
import io.panamio.test.support.Proc;
import io.panamio.test.support.Seccomp;
import io.panamio.test.support.SystemCall;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Failures after a successful system call, in JVMs that have run out of threads or memory. */
class ExhaustedJvmTest {
    private interface Opening {
        Object open() throws IOException;
    }

    private static int descriptors() {
        return new File("/proc/self/fd").list().length;
    }

    private static void require(boolean condition, Object message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }

    /** Opens sources when no thread can be started, as the library's cleaner needs one. */
    static final class WithoutThreads {
        private static final int EAGAIN = 11;
        private static final int TIMES = 20;

        public static void main(String[] args) throws Exception {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            Path file = Path.of("/proc/self/exe").toRealPath();
            Map<String, Opening> openings = new LinkedHashMap<>();
            openings.put("a pair", UnixStream::pair);
            openings.put("a pair for datagrams", UnixDatagram::pair);
            if (Feature.UNIX_SEQPACKETS.isAvailable()) {
                openings.put("a pair for packets", UnixSeqpacket::pair);
            }
            openings.put("an unbound socket", UnixDatagram::unbound);
            openings.put("a pipe", Pipe::open);
            openings.put("a listener", () -> TcpListener.bind(any));
            openings.put("a connection", () -> TcpStream.connect(new InetSocketAddress(any.getAddress(), 9)));
            openings.put("a socket", () -> UdpSocket.bind(any));
            openings.put("a file", () -> FileSource.open(file));
            FutureTask<String> task = new FutureTask<>(() -> {
                Poll.open().close(); // loads many classes without opening a source
                Seccomp.refuse(SystemCall.CLONE3, EAGAIN);
                Seccomp.refuse(SystemCall.CLONE, EAGAIN);
                return failAll(openings);
            });
            Thread thread = new Thread(task);
            thread.start();
            System.out.println(task.get());
            for (Opening opening : openings.values()) { // in a thread that can start threads
                Object opened = opening.open();
                for (Object one : opened instanceof Object[] several ? several : new Object[] {opened}) {
                    ((AutoCloseable) one).close();
                }
            }
        }

        private static String failAll(Map<String, Opening> openings) throws IOException {
            for (Map.Entry<String, Opening> opening : openings.entrySet()) {
                int before = descriptors();
                for (int i = 0; i < TIMES; i++) {
                    try {
                        opening.getValue().open();
                        return opening.getKey() + " was opened";
                    } catch (OutOfMemoryError e) {
                        continue; // unable to create native thread
                    }
                }
                if (descriptors() >= before + TIMES) {
                    return opening.getKey() + " leaves descriptors";
                }
            }
            return "ok";
        }
    }

    @Test
    @Tag("any-selector")
    void aCleanerThatCannotStartIsStartedLater() throws Exception {
        Seccomp.require();
        Proc.require("self/exe");
        Child child = new Child().with("-XX:+UseSerialGC");
        assertEquals("ok", child.run(WithoutThreads.class).ok().trim());
    }

    /** Grows a slab when there is memory for only a part of it. */
    static final class FullSlab {
        public static void main(String[] args) {
            Slab<Object> slab = new Slab<>(1_000_000);
            Object object = new Object();
            long first = slab.insert(object);
            for (int i = 1; i < 1_000_000; i++) {
                slab.insert(object);
            }
            byte[][] ballast = new byte[100][];
            int n = 0;
            try {
                for (;; n++) {
                    ballast[n] = new byte[1 << 20];
                }
            } catch (OutOfMemoryError e) {
                ballast[n] = null;
            }
            int refused = 0;
            for (; n >= 0; n--) { // one MiB more memory in each round
                try {
                    slab.insert(object);
                    break;
                } catch (OutOfMemoryError e) {
                    refused++;
                    ballast[Math.max(n - 1, 0)] = null;
                    require(slab.size() == 1_000_000, slab.size());
                    require(slab.get(first) == object, "lost");
                }
            }
            require(slab.size() == 1_000_001, slab.size());
            System.out.println(refused > 4 ? "ok" : "refused " + refused);
        }
    }

    @Test
    @Tag("any-selector")
    void aSlabThatCannotGrowIsUnchanged() throws Exception {
        Child child = new Child().with("-Xmx64m", "-Xms64m", "-XX:+UseSerialGC");
        assertEquals("ok", child.run(FullSlab.class).ok().trim());
    }

    /** Schedules timers until there is no memory for another one, or for where its deadline belongs. */
    static final class FullTimers implements LongSupplier {
        private static final int KINDS = 1000;
        private static byte[] ballast = new byte[1 << 20];
        private static long time;

        @Override
        public long getAsLong() {
            return time;
        }

        public static void main(String[] args) {
            Timers timers = new Timers(Duration.ofNanos(1000), new FullTimers());
            Duration[] delays = new Duration[KINDS];
            for (int i = 0; i < KINDS; i++) {
                delays[i] = Duration.ofNanos(1L << 8 + i / 20).plusMillis(i);
            }
            int[] counts = new int[KINDS];
            long next = 0;
            int n = 0;
            try {
                for (;; n++) {
                    int kind = n % KINDS;
                    timers.schedule(kind, delays[kind]);
                    counts[kind]++;
                    next = timers.nanosToNext();
                }
            } catch (OutOfMemoryError e) {
                ballast = null;
            }
            require(timers.size() == n, timers.size());
            require(timers.nanosToNext() == next, timers.nanosToNext());
            time = 1L << 60;
            while (timers.expire()) {
                counts[(int) timers.token()]--;
                n--;
            }
            require(n == 0 && timers.size() == 0, n);
            for (int count : counts) {
                require(count == 0, count);
            }
            System.out.println("ok");
        }
    }

    @Test
    @Tag("any-platform")
    void timersThatCannotGrowAreUnchanged() throws Exception {
        Child child = new Child().with("-Xmx64m", "-Xms64m", "-XX:+UseSerialGC");
        assertEquals("ok", child.run(FullTimers.class).ok().trim());
    }

    /** Grows a queue of a program when there is no memory for it. */
    static final class FullQueue {
        private static volatile byte[][] ballast = new byte[100][]; // no local variable, which ends with its last use

        public static void main(String[] args) {
            TurnQueue<Integer> queue = new TurnQueue<>();
            Integer[] numbers = new Integer[1 << 20];
            for (int i = 0; i < 3 << 18; i++) {
                queue.add(numbers[i] = i);
            }
            for (int i = 0; i < 1 << 18; i++) {
                require(queue.remove() == numbers[i], i);
                queue.add(numbers[i]); // the ring does not begin at its start
            }
            for (int i = 3 << 18; i < 1 << 20; i++) {
                queue.add(numbers[i] = i);
            }
            int n = 0;
            try {
                for (;; n++) {
                    ballast[n] = new byte[1 << 20];
                }
            } catch (OutOfMemoryError e) {
                ballast[n] = null;
            }
            boolean refused = false;
            try {
                queue.add(numbers[0]);
            } catch (OutOfMemoryError e) {
                refused = true;
            }
            require(refused && queue.size() == 1 << 20, queue.size());
            ballast = null;
            queue.add(numbers[0]);
            for (int i = 1 << 18; i < 3 << 18; i++) {
                require(queue.remove() == numbers[i], "lost " + i);
            }
            require(queue.remove() == numbers[0] && queue.size() == 1 << 19, queue.size());
            System.out.println("ok");
        }
    }

    @Test
    @Tag("any-selector")
    void aQueueThatCannotGrowIsUnchanged() throws Exception {
        Child child = new Child().with("-Xmx64m", "-Xms64m", "-XX:+UseSerialGC");
        assertEquals("ok", child.run(FullQueue.class).ok().trim());
    }

    /** Closes without memory even for the view of errno, which a call allocates until it is compiled. */
    static final class FullHeap {
        public static void main(String[] args) throws IOException {
            Poll poll = Poll.open();
            UnixStream[] first = UnixStream.pair();
            int before = descriptors();
            UnixStream[] streams = new UnixStream[40];
            for (int i = 0; i < streams.length; i += 2) {
                UnixStream[] pair = i == 0 ? first : UnixStream.pair();
                poll.registry().register(pair[0], i, Interest.READABLE);
                pair[0].arena().allocate(100);
                pair[1].fd(); // so that it is deregistered before the close
                poll.registry().register(pair[1], i + 1, Interest.READABLE);
                if (i == 0) {
                    pair[0].close(); // loads and links everything beforehand
                    pair[1].close();
                    pair = UnixStream.pair();
                }
                streams[i] = pair[0];
                streams[i + 1] = pair[1];
            }
            Heap.fill();
            int thrown = 0;
            for (UnixStream stream : streams) {
                try {
                    stream.close();
                } catch (OutOfMemoryError e) {
                    thrown++;
                }
            }
            Heap.free();
            int left = descriptors() - before + 2;
            poll.pollNow(Events.withCapacity(1));
            System.out.println(left + " left, then " + (descriptors() - before + 2) + ", " + thrown + " thrown");
        }
    }

    @Test
    void aCloseWithAFullHeapCloses() throws Exception {
        Proc.require("self/fd");
        Child child = new Child().with("-Xint", "-Xmx16m", "-XX:+UseSerialGC");
        String out = child.run(FullHeap.class).ok().trim();
        assertTrue(out.matches("[1-9]\\d* left, then 0, 0 thrown"), out);
    }
}
