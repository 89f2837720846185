package io.panamio.sys.macos;

import io.panamio.sys.bsd.BsdControl;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.UnixControl;
import io.panamio.sys.unix.UnixMessages;
import java.lang.foreign.MemorySegment;

/** Messages of macOS, which has no calls for batches. */
final class MacosMessages extends UnixMessages {
    MacosMessages() {
        super(MacosConstants.INSTANCE);
    }

    @Override
    protected UnixControl newControl(ControlFormat format, MemorySegment memory) {
        return new BsdControl(MacosConstants.INSTANCE, format, memory);
    }
}
