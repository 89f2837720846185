package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.panamio.sys.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the jar holds: all platforms, or with {@code -Dpanamio.platform} one of them. */
class SlimJarIT {
    /** The packages below {@code io.panamio.sys} that each platform consists of. */
    private static final Map<String, List<String>> PACKAGES = new TreeMap<>(Map.of(
        "linux", List.of("unix", "linux"),
        "macos", List.of("unix", "bsd", "macos"),
        "freebsd", List.of("unix", "bsd", "freebsd"),
        "windows", List.of("windows")));

    /** Returns whether the jar has the platform of this system, so that it can be used here. */
    static boolean isOfThisSystem() {
        try {
            return Platform.current() != null;
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }

    /** Returns the names of the packages below a package that have classes. */
    private static Set<String> below(JarFile jar, String parent) {
        return jar.stream().map(entry -> entry.getName())
            .filter(name -> name.startsWith(parent) && name.endsWith(".class"))
            .filter(name -> name.indexOf('/', parent.length()) > 0)
            .map(name -> name.substring(parent.length(), name.indexOf('/', parent.length())))
            .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String className(String platform) {
        return "io.panamio.sys." + platform + "." + Character.toUpperCase(platform.charAt(0)) + platform.substring(1)
            + "Platform";
    }

    @Test
    void theJarHoldsOnlyItsPlatforms() throws IOException {
        String one = System.getProperty("panamio.platform");
        Set<String> platforms = one == null ? PACKAGES.keySet() : Set.of(one);
        try (JarFile jar = new JarFile(System.getProperty("panamio.jar"))) {
            assertEquals(new TreeSet<>(platforms), below(jar, "io/panamio/bindings/"));
            assertEquals(platforms.stream().flatMap(p -> PACKAGES.get(p).stream()).collect(
                Collectors.toCollection(TreeSet::new)), below(jar, "io/panamio/sys/"));
            InputStream services = jar.getInputStream(jar.getEntry("META-INF/services/io.panamio.sys.Platform"));
            assertEquals(platforms.stream().map(SlimJarIT::className).collect(Collectors.toSet()),
                new String(services.readAllBytes(), StandardCharsets.UTF_8).lines().collect(Collectors.toSet()));
            for (String name : List.of("module-info", "io/panamio/Poll", "io/panamio/net/TcpStream",
                    "io/panamio/pipeline/Splice", "io/panamio/memory/SegmentPool")) {
                assertNotNull(jar.getEntry(name + ".class"), name);
            }
        }
    }
}
