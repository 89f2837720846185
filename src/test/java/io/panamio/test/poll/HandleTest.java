package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.Feature;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.Handle;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A close deregisters a descriptor only if it may have duplicates, which would keep the registration alive. */
class HandleTest {
    /** A selector that records a handle's calls, and from which the system removes closed descriptors. */
    static class Recorder extends Selector {
        final List<String> calls = new ArrayList<>();

        @Override
        protected void add(int fd, long token, int interest) {
            calls.add("add");
        }

        @Override
        protected void modify(int fd, long token, int interest) {
            calls.add("modify");
        }

        @Override
        protected void remove(int fd) {
            calls.add("remove");
        }

        @Override
        public boolean deregistersOnClose() {
            return true;
        }

        @Override
        public void rearm(int fd, int interest) {
        }

        @Override
        protected int await(EventBuffer events, int max, long nanos) {
            return 0;
        }

        @Override
        protected void sendNotification() {
        }

        @Override
        protected int fd() {
            return -1;
        }

        @Override
        protected void destroy() {
        }
    }

    @Test
    @Tag("any-platform")
    void internalGettersMarkNothing() throws IOException {
        Object source = new Object();
        Recorder selector = new Recorder();
        Handle handle = Handle.owning(source, NativeFds.eventfd(), false);
        handle.register(selector, 1, Readiness.READABLE);
        int fd = handle.fd();
        handle.close();
        assertEquals(List.of("add"), selector.calls);
        assertFalse(NativeFds.isOpen(fd));
        assertThrows(ClosedChannelException.class, handle::fd);
        Reference.reachabilityFence(source);
    }

    @Test
    @Tag("any-platform")
    void aSharedDescriptorIsDeregistered() throws IOException {
        Object source = new Object();
        Recorder selector = new Recorder();
        Handle handle = Handle.owning(source, NativeFds.eventfd(), false);
        handle.register(selector, 1, Readiness.READABLE);
        handle.share();
        handle.close();
        assertEquals(List.of("add", "remove"), selector.calls);
        Reference.reachabilityFence(source);
    }

    /** Nor do the transfers, which call the system by the descriptors of streams. */
    @Test
    @Tag("any-selector")
    void transfersMarkNothing(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "file");
        Recorder selector = new Recorder();
        try (Loop loop = new Loop(); PipePool pool = new PipePool()) {
            TcpStream[] from = loop.pair();
            TcpStream[] to = loop.pair();
            Handle.of(from[1]).register(selector, 1, Readiness.READABLE);
            Handle.of(to[0]).register(selector, 2, Readiness.WRITABLE);
            from[0].write(new byte[3], 0, 3);
            try (Splice splice = new Splice(from[1], to[0], pool)) {
                Loop.until("spliced", () -> splice.transfer() == 3);
            }
            try (FileSource source = FileSource.open(file)) {
                assertEquals(4, source.transferTo(0, 4, to[0]));
            }
            if (Feature.ZERO_COPY.isAvailable()) {
                ZeroCopySender sender = ZeroCopySender.of(to[0]);
                sender.setThreshold(0);
                try (ZeroCopyBuffer buffer = ZeroCopyBuffer.allocate(100)) {
                    assertEquals(100, sender.send(buffer, 0, 100));
                    sender.drainCompletions();
                }
            }
            from[1].close();
            to[0].close();
            assertEquals(List.of("add", "add"), selector.calls);
        }
    }
}
