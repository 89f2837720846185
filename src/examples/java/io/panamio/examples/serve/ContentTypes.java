package io.panamio.examples.serve;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Returns the content type for a file name extension. Text is taken to be UTF-8. */
final class ContentTypes {
    private static final String UTF_8 = "; charset=utf-8";
    private static final Map<String, String> TYPES = new HashMap<>();

    static {
        add("text/html" + UTF_8, "html htm");
        add("text/css" + UTF_8, "css");
        add("text/javascript" + UTF_8, "js mjs");
        add("text/plain" + UTF_8, "txt text log conf cfg ini c h cc cpp hpp java py rs go sh");
        add("text/markdown" + UTF_8, "md markdown");
        add("text/csv" + UTF_8, "csv");
        add("text/xml" + UTF_8, "xml xsl xsd");
        add("application/json", "json map");
        add("application/xhtml+xml", "xhtml");
        add("application/pdf", "pdf");
        add("application/wasm", "wasm");
        add("application/zip", "zip");
        add("application/gzip", "gz tgz");
        add("application/x-xz", "xz");
        add("application/x-bzip2", "bz2");
        add("application/zstd", "zst");
        add("application/x-tar", "tar");
        add("application/java-archive", "jar");
        add("application/vnd.debian.binary-package", "deb");
        add("image/png", "png");
        add("image/jpeg", "jpg jpeg");
        add("image/gif", "gif");
        add("image/webp", "webp");
        add("image/avif", "avif");
        add("image/svg+xml", "svg");
        add("image/x-icon", "ico");
        add("font/woff", "woff");
        add("font/woff2", "woff2");
        add("font/ttf", "ttf");
        add("font/otf", "otf");
        add("audio/mpeg", "mp3");
        add("audio/ogg", "ogg oga opus");
        add("audio/flac", "flac");
        add("audio/wav", "wav");
        add("video/mp4", "mp4 m4v");
        add("video/webm", "webm");
        add("video/mp2t", "ts");
        add("application/vnd.apple.mpegurl", "m3u8");
    }

    private ContentTypes() {
    }

    private static void add(String type, String endings) {
        for (String ending : endings.split(" ")) {
            TYPES.put(ending, type);
        }
    }

    static String of(byte[] path) {
        String name = new String(path, StandardCharsets.ISO_8859_1);
        String ending = name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')) + 1);
        return TYPES.getOrDefault(ending.toLowerCase(Locale.ROOT), "application/octet-stream");
    }
}
