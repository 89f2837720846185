package io.panamio.test.support;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Locale;

/**
 * The system whose platform is in use, known only to fixtures: a test asks for a {@link io.panamio.Feature} or a
 * {@link Behaviour}. A child has no JUnit, and may not ask the library.
 */
public final class Systems {
    static final Behaviour.Kernel KERNEL = kernel();
    static final boolean WINDOWS = KERNEL == Behaviour.Kernel.WINDOWS || KERNEL == Behaviour.Kernel.WINE;
    static final boolean BSD = KERNEL == Behaviour.Kernel.MACOS || KERNEL == Behaviour.Kernel.FREEBSD;

    /** The options for JVMs that tests start: Wine lacks what HotSpot then warns of. */
    public static final List<String> CHILD_OPTIONS =
        WINDOWS ? List.of("-XX:-PrintWarnings", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8") : List.of();

    private Systems() {
    }

    private static Behaviour.Kernel kernel() {
        if (WindowsHandles.HERE) {
            boolean wine = SymbolLookup.libraryLookup("ntdll", Arena.global()).find("wine_get_version").isPresent();
            return wine ? Behaviour.Kernel.WINE : Behaviour.Kernel.WINDOWS;
        }
        String name = System.getProperty("panamio.test.platform", System.getProperty("os.name"));
        return name.toLowerCase(Locale.ROOT).startsWith("mac") ? Behaviour.Kernel.MACOS
            : name.equalsIgnoreCase("freebsd") ? Behaviour.Kernel.FREEBSD : Behaviour.Kernel.LINUX;
    }
}
