package io.panamio.test.hosts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.TcpInfo;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Relay;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import io.panamio.test.support.Background;
import io.panamio.test.support.Behaviour;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A network that loses, doubles, delays and reorders packets changes no byte. */
class TransferTest {
    private static final int SIZE = 150 << 10;
    /** The size of an exchange in each direction: {@code -Dpanamio.test.hosts.kilobytes} transfers more. */
    private static final int EXCHANGED = Integer.getInteger("panamio.test.hosts.kilobytes", 150) << 10;

    private Hosts hosts;

    @BeforeEach
    void open() throws IOException {
        hosts = new Hosts();
    }

    @AfterEach
    void close() throws IOException {
        if (hosts != null) {
            hosts.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bytesArriveUnchangedOverALossyNetwork(boolean six) throws IOException {
        hosts.wire.rule = hosts.wire.lossy(0.05, 0.05, new Random(1));
        TcpStream[] pair = hosts.connect(six);
        hosts.exchange(pair, EXCHANGED, EXCHANGED);
        if (Behaviour.ENDED_CONNECTIONS_ARE_FORGOTTEN.isHere()) {
            return; // and with them what TcpInfo reports
        }
        long again = 0;
        for (TcpStream stream : pair) {
            TcpInfo info = TcpInfo.create();
            stream.info(info);
            again += info.totalRetrans();
        }
        assertTrue(again > 0, "nothing was lost");
    }

    @ParameterizedTest
    @CsvSource({"false, 600", "true, 1280"})
    void theSizeOfPacketsFollowsThePath(boolean six, int mtu) throws IOException {
        TcpStream[] pair = hosts.connect(six);
        AtomicInteger refused = new AtomicInteger();
        hosts.wire.rule = packet -> {
            refused.addAndGet(packet.length() > mtu ? 1 : 0);
            hosts.wire.limit(packet, mtu);
        };
        hosts.exchange(pair, EXCHANGED, EXCHANGED);
        assertTrue(refused.get() > 0, "no packet was too big");
        if (Behaviour.ENDED_CONNECTIONS_ARE_FORGOTTEN.isHere()) {
            return; // and with them what TcpInfo reports
        }
        TcpInfo info = TcpInfo.create();
        pair[0].info(info);
        assertEquals(mtu, info.pmtu());
    }

    /** The link is down until each host has sent in vain, repeatedly. */
    @Test
    void aCutLinkOnlyDelays() throws IOException {
        TcpStream[] pair = hosts.connect(false);
        AtomicInteger passed = new AtomicInteger();
        AtomicInteger lost = new AtomicInteger();
        hosts.wire.rule = packet -> {
            if (passed.get() < 50 || lost.get() > 20) {
                passed.addAndGet(1);
                hosts.wire.pass(packet);
            } else {
                lost.addAndGet(1);
            }
        };
        hosts.exchange(pair, EXCHANGED, EXCHANGED);
        assertTrue(lost.get() > 20, lost + " packets were lost");
    }

    private Future<byte[]> reading(TcpStream stream) {
        return Background.start(() -> Loop.readFully(stream, SIZE));
    }

    /** The memory of a send is overwritten as soon as it is free, while lost packets are still to be sent again. */
    @Test
    @Requires(Feature.ZERO_COPY)
    void aZeroCopyBufferIsPendingUntilItsBytesHaveArrived() throws Exception {
        TcpStream[] pair = hosts.connect(false);
        hosts.wire.rule = hosts.wire.lossy(0.05, 0.05, new Random(2));
        Future<byte[]> received = reading(pair[1]);
        byte[] bytes = Local.random(SIZE);
        ZeroCopySender sender = ZeroCopySender.of(pair[0]);
        assumeTrue(sender.isEnabled(), "this kernel has no SO_ZEROCOPY");
        sender.setThreshold(1);
        try (ZeroCopyBuffer buffer = ZeroCopyBuffer.allocate(8192)) {
            for (int at = 0; at < SIZE; at += 8192) {
                int length = Math.min(8192, SIZE - at);
                MemorySegment.copy(MemorySegment.ofArray(bytes), at, buffer.segment(), 0, length);
                for (int[] sent = {0}; sent[0] < length;) {
                    Loop.until("sent", () -> {
                        sender.drainCompletions();
                        long n = sender.send(buffer, sent[0], length - sent[0]);
                        sent[0] += (int) Math.max(n, 0);
                        return n != IoResult.WOULD_BLOCK;
                    });
                }
                Loop.until("free", () -> {
                    sender.drainCompletions();
                    return !buffer.isPending();
                });
                buffer.segment().fill((byte) 0);
            }
        }
        assertArrayEquals(bytes, Background.result(received));
    }

    @Test
    void aFileArrivesUnchangedOverALossyNetwork(@TempDir Path directory) throws Exception {
        byte[] bytes = Local.random(SIZE);
        Path path = Files.write(directory.resolve("file"), bytes);
        TcpStream[] pair = hosts.connect(true);
        hosts.wire.rule = hosts.wire.lossy(0.05, 0.05, new Random(3));
        Future<byte[]> received = reading(pair[1]);
        try (FileSource file = FileSource.open(path)) {
            long[] at = {0};
            Loop.until("sent", () -> {
                at[0] += Math.max(0, file.transferTo(at[0], SIZE - at[0], pair[0]));
                return at[0] == SIZE;
            });
        }
        assertArrayEquals(bytes, Background.result(received));
    }

    /** A relay on the second host connects two streams of the first one, so bytes cross the network twice. */
    @Test
    void aRelayPassesOnWhatALossyNetworkDelivers() throws Exception {
        TcpStream[] one = hosts.connect(false);
        TcpStream[] other = hosts.connect(true);
        hosts.wire.rule = hosts.wire.lossy(0.05, 0.05, new Random(4));
        Future<Void> relayed = Background.start(() -> {
            try (Poll poll = Poll.open(); PipePool pipes = new PipePool();
                    Relay relay = new Relay(one[1], other[1], pipes)) {
                poll.registry().register(one[1], 0, Loop.RW);
                poll.registry().register(other[1], 1, Loop.RW);
                Events events = Events.withCapacity(2);
                for (;;) {
                    poll.poll(events);
                    for (Event event : events) {
                        long moved;
                        while ((moved = relay.transfer((event.token() == 0 ? one : other)[1])) > 0) {
                            continue;
                        }
                        if (moved == IoResult.EOF) {
                            return null;
                        }
                    }
                }
            }
        });
        hosts.exchange(new TcpStream[] {one[0], other[0]}, EXCHANGED, EXCHANGED);
        Background.result(relayed);
    }
}
