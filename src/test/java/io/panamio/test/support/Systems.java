package io.panamio.test.support;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The system whose platform is in use, known only to fixtures: a test asks for a {@link io.panamio.Feature} or a
 * {@link Behaviour}. A child has no JUnit, and may not ask the library.
 */
public final class Systems {
    static final boolean WINDOWS = WindowsHandles.HERE;
    private static final String NAME = System.getProperty("panamio.test.platform", System.getProperty("os.name"))
        .toLowerCase(Locale.ROOT);
    private static final boolean MACOS = !WINDOWS && NAME.startsWith("mac");
    static final boolean BSD = MACOS || !WINDOWS && NAME.equals("freebsd");

    /** The options for JVMs that tests start: they start fast, and use the same platform. */
    public static final List<String> CHILD_OPTIONS = childOptions();

    private Systems() {
    }

    private static List<String> childOptions() {
        List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        for (String property : List.of("os.name", "panamio.selector", "panamio.test.platform",
                "panamio.test.library")) {
            if (System.getProperty(property) != null) {
                options.add("-D" + property + "=" + System.getProperty(property));
            }
        }
        if (WINDOWS) { // under Wine, HotSpot would print warnings of what that lacks
            options.addAll(List.of("-XX:-PrintWarnings", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8"));
        }
        return options;
    }

    /** The kernel: a class of its own, as a child may not have native access, which the question for Wine needs. */
    static final class Kernel {
        static final Behaviour.Kernel HERE = WINDOWS ? isWine() ? Behaviour.Kernel.WINE : Behaviour.Kernel.WINDOWS
            : MACOS ? Behaviour.Kernel.MACOS : BSD ? Behaviour.Kernel.FREEBSD : Behaviour.Kernel.LINUX;

        private Kernel() {
        }

        private static boolean isWine() {
            return SymbolLookup.libraryLookup("ntdll", Arena.global()).find("wine_get_version").isPresent();
        }
    }
}
