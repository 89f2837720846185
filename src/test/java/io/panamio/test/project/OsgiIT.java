package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.module.ModuleDescriptor;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;

/** The jar as an OSGi bundle, in Apache Felix. */
class OsgiIT {
    private static final Path JAR = Path.of(System.getProperty("panamio.jar"));

    /** A bundle that uses the library: when started, it sends itself a message, and registers it as a service. */
    public static final class Echo implements BundleActivator {
        @Override
        public void start(BundleContext context) throws IOException {
            try (Poll poll = Poll.open();
                 TcpListener listener = TcpListener.bind(new InetSocketAddress("127.0.0.1", 0));
                 TcpStream client = TcpStream.connect(listener.localAddress())) {
                Events events = Events.withCapacity(8);
                poll.registry().register(listener, 1, Interest.READABLE);
                poll.registry().register(client, 2, Interest.READABLE);
                while (events.isEmpty() || events.token(0) != 1) {
                    poll.poll(events);
                }
                try (TcpStream server = listener.accept()) {
                    server.write("echo".getBytes(), 0, 4);
                    byte[] got = new byte[4];
                    while (client.read(got, 0, 4) != 4) {
                        poll.poll(events);
                    }
                    context.registerService(String.class, new String(got), null);
                }
            }
        }

        @Override
        public void stop(BundleContext context) {
            // nothing stays behind
        }
    }

    private static Path bundle(Path path) throws IOException {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        headers.putValue(Constants.BUNDLE_SYMBOLICNAME, "echo");
        headers.putValue(Constants.BUNDLE_ACTIVATOR, Echo.class.getName());
        headers.putValue(Constants.IMPORT_PACKAGE,
            "io.panamio;version=\"[0.1,0.2)\",io.panamio.net,org.osgi.framework");
        String name = Echo.class.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(path); JarOutputStream jar = new JarOutputStream(out, manifest);
             InputStream in = Echo.class.getClassLoader().getResourceAsStream(name)) {
            jar.putNextEntry(new ZipEntry(name));
            in.transferTo(jar);
        }
        return path;
    }

    @Test
    void aBundleRunsAnEcho(@TempDir Path directory) throws Exception {
        assumeTrue(SlimJarIT.isOfThisSystem(), "a jar for another system");
        Framework framework = new FrameworkFactory().newFramework(Map.of(
            Constants.FRAMEWORK_STORAGE, directory.resolve("cache").toString(), "felix.log.level", "1"));
        framework.start();
        try {
            BundleContext context = framework.getBundleContext();
            Bundle library = context.installBundle(JAR.toUri().toString());
            Bundle echo = context.installBundle(bundle(directory.resolve("echo.jar")).toUri().toString());
            library.start();
            echo.start();
            assertEquals("echo", context.getService(context.getServiceReference(String.class)));
            assertNotSame(Poll.class, echo.loadClass(Poll.class.getName()), "the bundle's, not the test's");
        } finally {
            framework.stop();
            framework.waitForStop(10_000);
        }
    }

    @Test
    void theBundleExportsWhatTheModuleDoes() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            ModuleDescriptor module = ModuleDescriptor.read(jar.getInputStream(jar.getEntry("module-info.class")));
            Set<String> exported = new TreeSet<>();
            Matcher packages = Pattern.compile("([\\w.]+);version=\"0\\.1\\.0\"")
                .matcher(jar.getManifest().getMainAttributes().getValue(Constants.EXPORT_PACKAGE));
            while (packages.find()) {
                exported.add(packages.group(1));
            }
            assertEquals(module.exports().stream().map(ModuleDescriptor.Exports::source)
                .collect(Collectors.toCollection(TreeSet::new)), exported);
        }
    }
}
