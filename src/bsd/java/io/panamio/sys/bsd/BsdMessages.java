package io.panamio.sys.bsd;

import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.UnixControl;
import io.panamio.sys.unix.UnixMessages;
import java.lang.foreign.MemorySegment;

/** Messages of macOS and FreeBSD. */
public class BsdMessages extends UnixMessages {
    private final BsdConstants c;

    /** The messages of a platform. */
    public BsdMessages(BsdConstants constants) {
        super(constants);
        c = constants;
    }

    @Override
    protected UnixControl newControl(ControlFormat format, MemorySegment memory) {
        return new BsdControl(c, format, memory);
    }
}
