package io.panamio.test.poll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.Handle;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A close deregisters a descriptor only if there may be duplicates of it, which would keep the registration alive. */
@Tag("any-platform")
class HandleTest {
    /** Records the calls of a handle, as a selector from which the system removes closed descriptors. */
    private static final class Recorder extends Selector {
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
    void askingForTheDescriptorMarksNothing() throws IOException {
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
    void aDescriptorThatWasHandedOutIsDeregistered() throws IOException {
        Object source = new Object();
        Recorder selector = new Recorder();
        Handle handle = Handle.owning(source, NativeFds.eventfd(), false);
        handle.register(selector, 1, Readiness.READABLE);
        handle.share();
        handle.close();
        assertEquals(List.of("add", "remove"), selector.calls);
        Reference.reachabilityFence(source);
    }
}
