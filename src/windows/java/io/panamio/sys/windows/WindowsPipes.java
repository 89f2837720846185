package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
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
    public NamedPipeEnd createNamed(String name, boolean messages) throws IOException {
        return create(name, Windows.FILE_FLAG_FIRST_PIPE_INSTANCE, messages);
    }

    @Override
    public NamedPipeEnd createInstance(String name, boolean messages) throws IOException {
        return create(name, 0, messages);
    }

    private static NamedPipeEnd create(String name, int flags, boolean messages) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return OverlappedPipe.create(arena.allocateFrom(name, StandardCharsets.UTF_16LE), name, flags, messages,
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
