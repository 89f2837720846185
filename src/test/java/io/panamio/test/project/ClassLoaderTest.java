package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.test.support.Child;
import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;

/** The library is unloaded with the application that uses it, for example when a server redeploys it. */
class ClassLoaderTest {
    /** Runs in a JVM of its own, with a thread that outlives the application that it served. */
    static final class Server {
        public static void main(String[] args) throws Exception {
            if (Boolean.getBoolean("recording")) {
                record();
            }
            try (ExecutorService platform = Executors.newSingleThreadExecutor()) {
                platform.submit(() -> { }).get(); // the thread exists before the application
                Set<Thread> before = threads();
                WeakReference<ClassLoader> loader = deploy(platform);
                await("the class loader stays", () -> loader.refersTo(null));
                await("a thread stays", () -> before.containsAll(threads()));
            }
        }

        /** Records every event of the library. */
        private static void record() {
            Recording recording = new Recording(); // until the JVM ends
            for (String name : List.of("Poll", "Turn", "Connect", "Accept", "WouldBlock", "Lease", "Leak")) {
                recording.enable("io.panamio." + name).withoutThreshold();
            }
            recording.start();
        }

        private static void await(String failure, BooleanSupplier condition) {
            for (long pause = 1_000_000; !condition.getAsBoolean(); pause *= 2) {
                if (pause > 8_000_000_000L) {
                    throw new AssertionError(failure + " of " + threads());
                }
                System.gc();
                LockSupport.parkNanos(pause);
            }
        }

        private static Set<Thread> threads() {
            return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().startsWith("ForkJoinPool-") // the JDK's, of virtual threads
                    && !thread.getName().startsWith("VirtualThread-")
                    && !thread.getName().startsWith("InnocuousThread-")) // the JDK's, of direct buffers since JDK 26
                .collect(Collectors.toSet());
        }

        /** A method of its own, so that no local variable keeps the loader reachable. */
        private static WeakReference<ClassLoader> deploy(ExecutorService platform) throws Exception {
            Path library = Path.of(System.getProperty("library"));
            String classPath = System.getProperty("java.class.path");
            Path application = Path.of(classPath.replace("nowhere" + File.pathSeparator, ""));
            URL[] urls = {library.toUri().toURL(), application.toUri().toURL()};
            URLClassLoader loader = new URLClassLoader("application", urls, ClassLoader.getPlatformClassLoader());
            Callable<?> use = (Callable<?>) loader.loadClass(Everything.class.getName()).getDeclaredConstructor()
                .newInstance();
            platform.submit(use).get();
            Thread virtual = Thread.startVirtualThread(() -> {
                try {
                    use.call();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            virtual.join();
            loader.close();
            return new WeakReference<>(loader);
        }
    }

    @Test
    void theLibraryIsUnloadedWithTheApplication() throws Exception {
        assertIsUnloaded();
    }

    @Test
    void theLibraryIsUnloadedWhileItsEventsAreRecorded() throws Exception {
        assertIsUnloaded("-Drecording=true");
    }

    private static void assertIsUnloaded(String... options) throws Exception {
        Child child = new Child().onClassPath().library(Path.of("nowhere")) // the server itself does not have it
            .with("--enable-native-access=ALL-UNNAMED", "-Dlibrary=" + Child.CLASSES).with(options);
        assertEquals("", child.run(Server.class).ok());
    }
}
