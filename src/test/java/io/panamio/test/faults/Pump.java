package io.panamio.test.faults;

import io.panamio.IoResult;
import io.panamio.net.GatherList;
import io.panamio.net.ReadableStream;
import io.panamio.net.WritableStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Sends bytes of a known pattern through streams, and verifies what arrives. */
final class Pump implements Run.Step {
    /** How the bytes are passed to the streams. */
    enum Memory {
        NATIVE, ARRAY, HEAP, SHARED, VECTORED, MIXED, GATHERED
    }

    private static final int PIECE = 48 << 10;

    private final Run run;
    private final WritableStream to;
    private final int toToken;
    private final ReadableStream from;
    private final int fromToken;
    private final Memory memory;
    private final byte[] bytes;
    private final MemorySegment sending;
    private final MemorySegment receiving;
    private final byte[] received;
    private int sent;
    private int arrived;
    private boolean ended;
    private final int piece;

    Pump(Run run, WritableStream to, int toToken, ReadableStream from, int fromToken, Memory memory, int size) {
        this.run = run;
        this.to = to;
        this.toToken = toToken;
        this.from = from;
        this.fromToken = fromToken;
        this.memory = memory;
        bytes = new byte[size];
        new Random(run.seed).nextBytes(bytes); // no shift, loss or repetition is overlooked, nor bytes of another run
        piece = memory == Memory.ARRAY || memory == Memory.HEAP ? 150_000 : PIECE;
        Arena arena = memory == Memory.SHARED ? Arena.ofShared() : run.arena;
        if (memory == Memory.SHARED) {
            run.later(arena);
        }
        sending = memory == Memory.HEAP ? MemorySegment.ofArray(bytes)
            : arena.allocate(size, 1).copyFrom(MemorySegment.ofArray(bytes));
        received = new byte[piece];
        receiving = memory == Memory.HEAP ? MemorySegment.ofArray(received) : arena.allocate(piece, 1);
    }

    @Override
    public boolean run() throws IOException {
        boolean progress = false;
        if (sent < bytes.length && run.isReady(toToken, Run.WRITABLE)) {
            int asked = Math.min(piece, bytes.length - sent);
            long n = run.tried(() -> write(asked));
            if (n < asked) {
                run.blocked(toToken, Run.WRITABLE);
            }
            sent += (int) Math.max(n, 0);
            progress = true;
        }
        if (run.isReady(fromToken, Run.READABLE)) {
            long n = run.tried(this::read);
            if (n == IoResult.EOF) {
                ended = true;
            } else if (n < piece && !run.isReady(fromToken, Run.SPECIAL) || n == IoResult.WOULD_BLOCK) {
                run.blocked(fromToken, Run.READABLE | Run.SPECIAL);
            }
            verify((int) Math.max(n, 0));
            progress = true;
        }
        return progress;
    }

    private long write(int asked) throws IOException {
        MemorySegment part = sending.asSlice(sent, asked);
        return switch (memory) {
            case NATIVE, HEAP, SHARED -> to.write(sending, sent, asked);
            case ARRAY -> to.write(bytes, sent, asked);
            case VECTORED -> to.writeVectored(part.asSlice(0, asked / 2), part.asSlice(asked / 2));
            case MIXED -> to.writeVectored(part.asSlice(0, asked / 2),
                MemorySegment.ofArray(part.asSlice(asked / 2).toArray(ValueLayout.JAVA_BYTE)));
            case GATHERED -> {
                GatherList list = GatherList.of(part.asSlice(0, asked / 3), part.asSlice(asked / 3));
                yield to.write(list);
            }
        };
    }

    private long read() throws IOException {
        return switch (memory) {
            case NATIVE, HEAP, SHARED, GATHERED -> from.read(receiving, 0, piece);
            case ARRAY -> from.read(received, 0, piece);
            case VECTORED -> from.readVectored(receiving.asSlice(0, 1000), receiving.asSlice(1000));
            case MIXED -> {
                MemorySegment heap = MemorySegment.ofArray(new byte[1000]);
                long n = from.readVectored(heap, receiving.asSlice(1000));
                receiving.asSlice(0, 1000).copyFrom(heap);
                yield n;
            }
        };
    }

    private void verify(int n) {
        if (arrived + n > sent) {
            throw new Run.Defect("more bytes arrived than were sent: " + (arrived + n) + " of " + sent, run.failure());
        }
        MemorySegment got = memory == Memory.ARRAY ? MemorySegment.ofArray(received) : receiving;
        long wrong = MemorySegment.mismatch(got, 0, n, MemorySegment.ofArray(bytes), arrived, arrived + n);
        if (wrong >= 0) {
            throw new Run.Defect("byte " + (arrived + wrong) + " is wrong", run.failure());
        }
        arrived += n;
        if (ended && !isDone()) {
            throw new Run.Defect("only " + arrived + " of " + bytes.length + " bytes arrived", run.failure());
        }
    }

    @Override
    public boolean isDone() {
        return arrived == bytes.length;
    }
}
