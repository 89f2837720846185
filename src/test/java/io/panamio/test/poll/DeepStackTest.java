package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.SourceFd;
import io.panamio.Waker;
import io.panamio.net.Pipe;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import io.panamio.sys.Delivery;
import io.panamio.sys.Handle;
import io.panamio.sys.Readiness;
import io.panamio.test.support.Child;
import io.panamio.test.support.Proc;
import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations that overflow the stack: everything can be closed afterwards, and what is not closed keeps working. */
class DeepStackTest {
    private interface Call {
        void run() throws Exception;
    }

    /** Creates the sources, adds the actions that close them to a list, and returns the operation. */
    private interface Case {
        Call make(List<AutoCloseable> closed) throws Exception;
    }

    static final class Deep {
        private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
        private static final long STACK = 200_000;
        private static final int ENOUGH = 3; // consecutive successful operations
        /** At least the size of a frame of {@link #dive}. */
        private static final int WORDS = 16;
        private static final int PARTS = 4; // each in a JVM of its own: on a busy machine all of them take minutes

        private static int dive(int depth, Call call) throws Exception {
            if (depth > 0) {
                return dive(depth - 1, call) + 1;
            }
            call.run();
            return 0;
        }

        /** Each of its frames is a word larger than one of {@link #dive}. */
        private static int dive(int words, int depth, Call call) throws Exception {
            return words > 0 ? dive(words - 1, depth, call) + 1 : dive(depth, call);
        }

        /** Returns whether the stack was large enough. */
        private static boolean inDepth(int words, int depth, Call call) throws Exception {
            Throwable[] thrown = new Throwable[1];
            Thread thread = new Thread(null, () -> {
                try {
                    dive(words, depth, call);
                } catch (Throwable t) {
                    thrown[0] = t;
                }
            }, "diver", STACK);
            thread.start();
            thread.join();
            require(thrown[0] == null || thrown[0] instanceof StackOverflowError, thrown[0]);
            return thrown[0] == null;
        }

        private static int deepest(int words) throws Exception {
            int min = 0;
            int max = 100_000;
            while (max - min > 1) {
                int depth = (min + max) / 2;
                if (inDepth(words, depth, () -> { })) {
                    min = depth;
                } else {
                    max = depth;
                }
            }
            return min;
        }

        /** The number of idle pipes after a splice: none where bytes are copied. */
        private static final int IDLE = Feature.SPLICE.support() == Support.SUPPORTED ? 1 : 0;

        /** Returns the number of sockets, pipes and anonymous inodes. */
        private static long descriptors() throws IOException {
            try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
                return all.filter(fd -> {
                    try {
                        return Files.readSymbolicLink(fd).toString().contains(":");
                    } catch (IOException e) {
                        return false; // the descriptor of the listing itself
                    }
                }).count();
            }
        }

        private static void require(boolean condition, Object message) {
            if (!condition) {
                throw new AssertionError(message);
            }
        }

        /** Runs an operation at every depth, from the deepest on, until the stack suffices. */
        private static void tryAll(String name, int words, Case tried) throws Exception {
            long before = descriptors();
            int overflows = 0;
            int successes = 0;
            for (int depth = deepest(words); successes < ENOUGH; depth--) {
                List<AutoCloseable> closed = new ArrayList<>();
                boolean success = inDepth(words, depth, tried.make(closed));
                overflows += success ? 0 : 1;
                successes = success ? successes + 1 : 0;
                closeAll(closed);
                require(descriptors() == before, name + " keeps descriptors");
            }
            require(overflows > 0, name + " needs no stack");
        }

        private static void closeAll(List<AutoCloseable> closed) throws Exception {
            for (AutoCloseable one : closed) {
                one.close();
            }
        }

        private static UnixStream[] pair(List<AutoCloseable> closed) throws IOException {
            UnixStream[] pair = UnixStream.pair();
            closed.addAll(List.of(pair));
            return pair;
        }

        /**
         * A splice that has bytes to transfer. All must arrive before it is closed; if a transfer closes it, at least
         * those that it held.
         */
        private static final class Spliced implements Call {
            private final List<AutoCloseable> streams = new ArrayList<>();
            private final UnixStream[] from = pair(streams);
            private final UnixStream[] to = pair(streams);
            private final PipePool pool;
            private final Splice splice;
            private final byte[] buffer = new byte[1 << 18];
            private long sent;
            private long held;
            private long received;

            Spliced(List<AutoCloseable> closed, PipePool pool) throws IOException {
                this.pool = pool;
                splice = new Splice(from[1], to[0], pool);
                streams.add(0, splice);
                closed.add(this::requireAll);
                closed.addAll(streams);
                closed.add(pool);
                send(100);
            }

            void send(int count) throws IOException {
                for (int i = 0; i < count; i++) {
                    buffer[i] = (byte) (sent + i);
                }
                require(from[0].write(buffer, 0, count) == count, "no room");
                sent += count;
            }

            /** Fills the sink until the splice holds a pipe, then makes room again. */
            Spliced block() throws IOException {
                do {
                    send(1000);
                    splice.transfer();
                } while (splice.buffered() == 0);
                held = splice.transferred() + splice.buffered();
                receive();
                return this;
            }

            @Override
            public void run() throws IOException {
                splice.transfer();
            }

            private void receive() throws IOException {
                for (long n; (n = to[1].read(buffer, 0, buffer.length)) > 0;) {
                    for (int i = 0; i < n; i++) {
                        require(buffer[i] == (byte) received++, "another byte");
                    }
                }
            }

            private void requireAll() throws Exception {
                try {
                    while (splice.transfer() != IoResult.WOULD_BLOCK || splice.buffered() > 0) {
                        receive();
                    }
                    held = sent;
                } catch (ClosedChannelException e) { // it overflowed the stack while it received, or wrote from memory
                    held = IDLE == 0 ? 0 : held;
                }
                receive();
                require(received >= held, received + " of " + held + " bytes");
                if (pool.idle() > 0) { // the next splice must not find any bytes
                    Spliced next = new Spliced(new ArrayList<>(), pool);
                    next.run();
                    next.receive();
                    require(next.received == next.sent, next.received + " bytes of another splice");
                    closeAll(next.streams);
                }
            }
        }

        /** Initializes what the JDK's weak maps need; on s390x nothing else does, and an overflow would be final. */
        private static void loadQueues() {
            ReferenceQueue<Object> queue = new ReferenceQueue<>();
            require(new WeakReference<>(new Object(), queue).enqueue() && queue.poll() != null, "no reference");
        }

        public static void main(String[] args) throws Exception {
            loadQueues();
            byte[] bytes = new byte[100];
            Path file = Files.write(Files.createTempFile("panamio", ".bytes"), bytes);
            Poll poll = Poll.open();
            Events events = Events.withCapacity(16);
            TcpListener listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            InetSocketAddress there = listener.localAddress();

            Map<String, Case> cases = new LinkedHashMap<>();
            cases.put("read", closed -> {
                UnixStream[] pair = pair(closed);
                poll.registry().register(pair[0], 1, BOTH);
                pair[1].write(bytes, 0, 10);
                return () -> pair[0].read(bytes, 0, bytes.length);
            });
            cases.put("write", closed -> {
                UnixStream[] pair = pair(closed);
                return () -> pair[0].write(bytes, 0, bytes.length);
            });
            cases.put("register", closed -> {
                UnixStream[] pair = pair(closed);
                return () -> poll.registry().register(pair[0], 1, BOTH);
            });
            cases.put("deregister", closed -> {
                UnixStream[] pair = pair(closed);
                poll.registry().register(pair[0], 1, BOTH);
                return () -> poll.registry().deregister(pair[0]);
            });
            cases.put("poll", closed -> {
                Poll another = Poll.open();
                closed.add(() -> another.pollNow(events));
                closed.add(another);
                return () -> another.pollNow(events);
            });
            cases.put("wake", closed -> {
                Poll inner = Poll.open();
                Poll outer = Poll.open();
                Waker waker = Waker.open(inner.registry(), 1);
                // Another thread, such as a poller, may be waiting for it.
                int fd = Feature.POLL_DESCRIPTOR.isAvailable() ? inner.fd() : -1;
                closed.add(() -> {
                    waker.wake();
                    require(fd < 0 || isReadable(fd, outer, events), "a wake sends no notification");
                    require(inner.pollNow(events) == 1, "a wake is lost");
                });
                closed.add(inner);
                closed.add(outer);
                return waker::wake;
            });
            cases.put("wake after another", closed -> {
                Poll inner = Poll.open();
                Waker waker = Waker.open(inner.registry(), 1);
                waker.wake();
                closed.add(() -> require(inner.pollNow(events) == 1, "a wake is lost by another that fails"));
                closed.add(inner);
                return waker::wake;
            });
            cases.put("wake of a waiting thread", closed -> {
                Poll inner = Poll.open();
                Waker waker = Waker.open(inner.registry(), 1);
                Thread waiting = new Thread(() -> inTurn(() -> inner.poll(Events.withCapacity(1))));
                waiting.setDaemon(true);
                waiting.start();
                untilPolling(inner, events);
                closed.add(() -> {
                    waker.wake();
                    require(waiting.join(Duration.ofMinutes(1)), "a wake does not end the wait");
                });
                closed.add(inner);
                return waker::wake;
            });
            cases.put("delivery", closed -> {
                UnixStream[] pair = UnixStream.pair();
                Delivery delivery = new Delivery();
                Handle.of(pair[0]).setDelivery(delivery);
                poll.registry().register(pair[0], 1, BOTH);
                closed.add(() -> {
                    delivery.deliver(Readiness.READABLE);
                    require(poll.pollNow(events) == 1, "a delivery is lost");
                });
                closed.addAll(List.of(pair));
                return () -> delivery.deliver(Readiness.WRITABLE);
            });
            cases.put("accept", closed -> {
                closed.add(new Socket(there.getAddress(), there.getPort()));
                TcpStream[] accepted = new TcpStream[1];
                closed.add(() -> (accepted[0] == null ? listener.accept() : accepted[0]).close());
                return () -> accepted[0] = listener.accept();
            });
            cases.put("pipe", closed -> {
                Pipe[] pipe = new Pipe[1];
                closed.add(() -> {
                    if (pipe[0] != null) {
                        pipe[0].sender().close();
                        pipe[0].receiver().close();
                    }
                });
                return () -> pipe[0] = Pipe.open();
            });
            cases.put("transferTo", closed -> {
                UnixStream[] pair = pair(closed);
                FileSource source = FileSource.open(file);
                closed.add(source);
                return () -> source.transferTo(0, 10, pair[0]);
            });
            cases.put("splice that opens a pipe", closed -> new Spliced(closed, new PipePool()));
            cases.put("splice that takes a pipe", closed -> {
                PipePool pool = new PipePool();
                Spliced first = new Spliced(new ArrayList<>(), pool);
                first.run();
                closeAll(first.streams);
                require(pool.idle() == IDLE, "the pool holds no pipe");
                return new Spliced(closed, pool);
            });
            cases.put("splice that returns a pipe", closed -> new Spliced(closed, new PipePool()).block());
            cases.put("splice that returns a pipe to a closed pool", closed -> {
                PipePool pool = new PipePool();
                Spliced spliced = new Spliced(closed, pool).block();
                pool.close();
                return spliced;
            });
            cases.put("splice that receives", closed -> {
                Spliced spliced = new Spliced(closed, new PipePool());
                spliced.run();
                spliced.send(100);
                return spliced; // what seems to be drained is received, not spliced
            });
            cases.put("splice of much", closed -> {
                Spliced spliced = new Spliced(closed, new PipePool());
                spliced.send(100_000);
                return spliced;
            });
            cases.put("close", closed -> {
                UnixStream[] pair = pair(closed);
                poll.registry().register(pair[0], 1, BOTH);
                return pair[0]::close;
            });
            cases.put("close of a Poll", closed -> {
                Poll another = Poll.open();
                closed.add(another);
                return another::close;
            });
            cases.put("close of a Poll that waits", closed -> {
                Poll another = Poll.open();
                Thread poller = new Thread(() -> {
                    try {
                        another.poll(Events.withCapacity(1));
                    } catch (ClosedSelectorException e) {
                        return;
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                poller.setDaemon(true);
                poller.start();
                while (Arrays.stream(poller.getStackTrace()).noneMatch(f -> f.getMethodName().equals("await"))) {
                    Thread.onSpinWait();
                }
                closed.add(another);
                closed.add(() -> {
                    poller.join(60_000);
                    require(!poller.isAlive(), "the poller is not woken");
                });
                return another::close;
            });
            cases.put("close of a splice", closed -> {
                UnixStream[] from = pair(closed);
                UnixStream[] to = pair(closed);
                PipePool pool = new PipePool();
                Splice splice = new Splice(from[1], to[0], pool);
                closed.addAll(List.of(splice, pool));
                from[0].write(bytes, 0, bytes.length);
                while (to[0].write(bytes, 0, bytes.length) > 0) {
                    continue; // until it is full
                }
                require(splice.transfer() == IoResult.WOULD_BLOCK && splice.buffered() > 0, "the splice holds no pipe");
                return splice::close;
            });
            cases.put("close of a pool", closed -> {
                UnixStream[] from = pair(closed);
                UnixStream[] to = pair(closed);
                PipePool pool = new PipePool();
                closed.add(pool);
                from[0].write(bytes, 0, bytes.length);
                try (Splice splice = new Splice(from[1], to[0], pool)) {
                    require(splice.transfer() == bytes.length && pool.idle() == IDLE, "the pool holds no pipe");
                }
                return pool::close;
            });
            for (Map.Entry<String, Case> one : cases.entrySet()) {
                List<AutoCloseable> closed = new ArrayList<>();
                one.getValue().make(closed).run(); // loads classes and links calls
                closeAll(closed);
            }
            for (Map.Entry<String, Case> one : cases.entrySet()) {
                int words = one.getKey().startsWith("close") ? WORDS : 1; // a close that fails leaks at once
                for (int i = Integer.parseInt(args[0]); i < words; i += PARTS) {
                    tryAll(one.getKey(), i, one.getValue());
                }
            }
            UnixStream[] pair = UnixStream.pair();
            poll.registry().register(pair[0], 99, BOTH);
            boolean found = false;
            for (int n; (n = poll.pollNow(events)) > 0 && !found;) {
                for (int i = 0; i < n; i++) {
                    found |= events.token(i) == 99;
                }
            }
            require(found, "the Poll no longer works");
            Files.delete(file);
            System.out.println("ok");
        }

        /** Polls when no other thread does. */
        private static void inTurn(Call poll) {
            for (;;) {
                try {
                    poll.run();
                    return;
                } catch (IllegalStateException e) {
                    Thread.onSpinWait();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }

        private static void untilPolling(Poll poll, Events events) throws IOException {
            try {
                for (;;) {
                    poll.pollNow(events);
                }
            } catch (IllegalStateException e) { // as it should be
            }
        }

        private static boolean isReadable(int fd, Poll poll, Events events) throws IOException {
            try (SourceFd source = new SourceFd(fd)) {
                poll.registry().register(source, 2, Interest.READABLE);
                return poll.pollNow(events) == 1;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void operationsThatOverflowTheStackLeakNothing(int part) throws Exception {
        Proc.require("self/fd");
        // interpreted, as compiling a frame in the meantime would change its size
        assertEquals("ok", new Child().with("-Xint", "--add-exports", "io.panamio/io.panamio.sys=ALL-UNNAMED")
            .run(Deep.class, String.valueOf(part)).ok().trim());
    }
}
