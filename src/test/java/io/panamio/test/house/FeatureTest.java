package io.panamio.test.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.IoSource;
import io.panamio.net.Pipe;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixDatagram;
import io.panamio.net.UnixSeqpacket;
import io.panamio.net.UnixStream;
import io.panamio.sys.Platform;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class FeatureTest {
    /** Asserts that a call works if its feature is available, and otherwise throws an exception that names it. */
    private static void assertAsSupported(Feature feature, Executable call) throws Throwable {
        if (feature.isAvailable()) {
            call.execute();
        } else {
            String message = assertThrows(UnsupportedOperationException.class, call).getMessage();
            assertEquals(Platform.current().refusal(feature).getMessage(), message);
        }
    }

    @Test
    @Tag("any-selector")
    void everyFeatureHasASupportLevel() {
        for (Feature feature : Feature.values()) {
            assertNotNull(feature.support());
            assertEquals(feature.support() != Support.REFUSED, feature.isAvailable());
        }
    }

    @Test
    void refusedFeaturesThrowAndAreNamed() throws Throwable {
        try (Loop loop = new Loop()) {
            assertAsSupported(Feature.POLL_DESCRIPTOR, loop.poll::fd);
            assertAsSupported(Feature.BUSY_POLL, () -> busyPoll(loop));
        }
    }

    @Test
    @Tag("any-selector")
    void theAnswerIsThatOfACall() throws Throwable {
        try (Loop loop = new Loop()) {
            assertAsSupported(Feature.PIPES, () -> {
                Pipe pipe = loop.later(Pipe.open());
                assertAsSupported(Feature.PIPE_REDIRECTS, pipe.sender()::redirect);
            });
            assertAsSupported(Feature.UNIX_STREAMS, () -> closeAll(UnixStream.pair()));
            assertAsSupported(Feature.UNIX_DATAGRAMS, () -> {
                closeAll(UnixDatagram.pair());
                UnixAddress name = UnixAddress.ofAbstract(("panamio-" + System.nanoTime()).getBytes());
                assertAsSupported(Feature.ABSTRACT_ADDRESSES, () -> UnixDatagram.bind(name).close());
            });
            assertAsSupported(Feature.UNIX_SEQPACKETS, () -> closeAll(UnixSeqpacket.pair()));
            TcpStream stream = loop.pair()[0];
            assertAsSupported(Feature.TCP_INFO, () -> stream.info(TcpInfo.create()));
        }
    }

    private static void closeAll(IoSource[] sources) {
        for (IoSource source : sources) {
            source.close();
        }
    }

    private static void busyPoll(Loop loop) throws IOException {
        try {
            loop.poll.setBusyPoll(Duration.ZERO, 0, false);
        } catch (UnsupportedOperationException e) { // the kernel is older than the feature
            assertEquals(!Feature.BUSY_POLL.isAvailable(), e.getMessage().contains("BUSY_POLL"), e.getMessage());
            if (!Feature.BUSY_POLL.isAvailable()) {
                throw e;
            }
        }
    }

    @Test
    void edgesAreSupportedOrEmulated() {
        assertTrue(Feature.EDGES.isAvailable());
        if ("poll".equals(System.getProperty("panamio.selector"))) {
            assertEquals(Support.EMULATED, Feature.EDGES.support());
        }
    }
}
