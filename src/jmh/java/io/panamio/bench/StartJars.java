package io.panamio.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/** Creates jars, as AOT caches accept only classes in jars. */
final class StartJars {
    private StartJars() {
    }

    /** Returns the directory or jar that a class was loaded from. */
    static Path classesOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Packs a directory, or copies a jar. */
    static Path pack(Path jar, Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return Files.copy(directory, jar, StandardCopyOption.REPLACE_EXISTING);
        }
        try (OutputStream out = Files.newOutputStream(jar); JarOutputStream zip = new JarOutputStream(out);
             Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                put(zip, directory.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        return jar;
    }

    /** Packs a program of one class, with native access, and a library on its class path if it needs one. */
    static Path pack(Path jar, Class<?> main, Path library) throws IOException {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, main.getName());
        attributes.putValue("Enable-Native-Access", "ALL-UNNAMED");
        if (library != null) {
            attributes.put(Attributes.Name.CLASS_PATH, library.getFileName().toString()); // not a URL
        }
        String entry = main.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(jar); JarOutputStream zip = new JarOutputStream(out, manifest)) {
            put(zip, entry, main.getClassLoader().getResourceAsStream(entry).readAllBytes());
        }
        return jar;
    }

    private static void put(JarOutputStream zip, String name, byte[] bytes) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(bytes);
        zip.closeEntry();
    }
}
