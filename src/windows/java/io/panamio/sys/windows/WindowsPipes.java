package io.panamio.sys.windows;

import io.panamio.sys.NamedPipeEnd;
import io.panamio.sys.PipeEnd;
import io.panamio.sys.Pipes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;

/** Pipes, which on Windows are named pipes. */
final class WindowsPipes extends Pipes {
    @Override
    public PipeEnd[] open() throws IOException {
        return LocalPipe.open();
    }

    @Override
    public NamedPipeEnd createNamed(String name, boolean first, boolean messages) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return OverlappedPipe.create(arena.allocateFrom(name, StandardCharsets.UTF_16LE), name, first, messages,
                OwnerOnly.attributes(arena));
        }
    }

    @Override
    public NamedPipeEnd openNamed(String name, boolean messages) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return OverlappedPipe.open(arena.allocateFrom(name, StandardCharsets.UTF_16LE), name, messages);
        }
    }
}
