package io.panamio.test.net;

import io.panamio.net.StreamChannel;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Allocations;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class StreamChannelAllocationTest {
    @Test
    @Tag("any-selector")
    void readsAndWritesAllocateNothing() throws IOException {
        try (Loop loop = new Loop()) {
            for (boolean direct : new boolean[] {true, false}) {
                TcpStream[] pair = loop.pair();
                WritableByteChannel sender = StreamChannel.of(pair[0]);
                ReadableByteChannel receiver = StreamChannel.of(pair[1]);
                ByteBuffer out = direct ? ByteBuffer.allocateDirect(64) : ByteBuffer.allocate(64);
                ByteBuffer in = direct ? ByteBuffer.allocateDirect(64) : ByteBuffer.allocate(64);
                Allocations.assertAtMost(0, () -> {
                    sender.write(out.clear());
                    in.clear();
                    while (in.hasRemaining()) {
                        receiver.read(in);
                    }
                    receiver.read(in.clear());
                });
            }
        }
    }
}
