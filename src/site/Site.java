import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What {@code mvn site} does besides rendering the pages. {@code prepare}, before it: makes pages of the files of the
 * project's directory, of which README.md is the first. {@code finish}, after it: links names of classes to the
 * Javadoc, and links to the sources to a copy of them, and checks that all links of all pages lead somewhere.
 */
final class Site {
    private static final Path SITE = Path.of("target/site");
    private static final Path PAGES = Path.of("src/site/markdown");
    private static final List<String> FILES =
        List.of("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md");
    private static final Pattern LINK = Pattern.compile("(href|src)=\"([^\"]*)\"");
    private static final Pattern ID = Pattern.compile("\\bid=\"([^\"]*)\"");
    private static final Pattern NAME =
        Pattern.compile("(?s)<a .*?</a>|<pre.*?</pre>|<code>([A-Z]\\w+)(\\.\\w+)?</code>");

    private final Map<Path, Set<String>> ids = new HashMap<>();
    private final List<String> broken = new ArrayList<>();

    private Site() {
    }

    public static void main(String[] args) throws IOException {
        if (args[0].equals("prepare")) {
            prepare();
        } else if (!new Site().finish()) {
            System.exit(1);
        }
    }

    private static String pageOf(String file) {
        return file.equals("README.md") ? "index.md" : file.toLowerCase(Locale.ROOT);
    }

    private static void prepare() throws IOException {
        Path directory = Files.createDirectories(Path.of("target/generated-site/markdown"));
        for (String file : FILES) {
            String text = Files.readString(Path.of(file)).replace("](" + PAGES + "/", "](");
            for (String other : FILES) {
                text = text.replace("](" + other, "](" + pageOf(other));
            }
            Files.writeString(directory.resolve(pageOf(file)), text);
        }
    }

    private boolean finish() throws IOException {
        Map<String, String> types = types();
        List<Path> pages;
        try (Stream<Path> files = Files.list(SITE)) {
            pages = files.filter(file -> file.toString().endsWith(".html")).sorted().toList();
        }
        for (Path page : pages) {
            String text = NAME.matcher(Files.readString(page)).replaceAll(name -> Matcher.quoteReplacement(
                name.group(1) != null && types.containsKey(name.group(1))
                    ? "<a href=\"" + types.get(name.group(1)) + "\">" + name.group() + "</a>" : name.group()));
            String base = page.getFileName().toString().replace(".html", ".md");
            Path from = Files.exists(PAGES.resolve(base)) ? PAGES : Path.of("");
            Files.writeString(page, LINK.matcher(text).replaceAll(
                link -> Matcher.quoteReplacement(link.group(1) + "=\"" + target(page, from, link) + "\"")));
        }
        broken.forEach(System.err::println);
        return broken.isEmpty();
    }

    /** The pages of the exported classes by their names. */
    private static Map<String, String> types() throws IOException {
        Map<String, String> types = new TreeMap<>();
        try (Stream<Path> files = Files.walk(SITE.resolve("apidocs"))) {
            files.filter(file -> file.toString().matches(".*/io/panamio/([a-z]+/)?[A-Z]\\w+\\.html")).forEach(file ->
                types.put(file.getFileName().toString().replace(".html", ""), SITE.relativize(file).toString()));
        }
        return types;
    }

    /** Returns what a link must be on the site. */
    private String target(Path page, Path from, MatchResult link) {
        String text = link.group(2);
        if (text.isEmpty() || text.matches("[a-z]+:.*|//.*")) {
            return text;
        }
        String[] parts = text.split("#", 2);
        String name = parts[0];
        if (name.startsWith("../resources/") || name.startsWith("src/site/resources/")) {
            name = name.substring(name.indexOf("resources/") + "resources/".length());
        }
        try {
            Path file = name.isEmpty() ? page : page.resolveSibling(name).normalize();
            if (!Files.exists(file) || !file.startsWith(SITE)) {
                Path source = from.resolve(name).normalize();
                if (!Files.exists(source)) { // such as jextract/README.md
                    source = from.resolve(name.replaceFirst("\\.html$", ".md")).normalize();
                }
                if (name.isEmpty() || !Files.exists(source)) {
                    broken.add(page + ": broken link: " + text);
                    return text;
                }
                file = copy(source);
                name = page.getParent().relativize(file).toString();
            }
            return parts.length == 1 ? name : name + "#" + fragment(page, file, text, parts[1]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the id of a heading, which is spelt otherwise than where Markdown is usually shown. */
    private String fragment(Path page, Path file, String link, String wanted) throws IOException {
        Set<String> all = ids.get(file);
        if (all == null) {
            all = new HashSet<>();
            ids.put(file, all);
            for (Matcher id = ID.matcher(Files.readString(file)); id.find();) {
                all.add(id.group(1));
            }
        }
        if (all.contains(wanted)) {
            return wanted;
        }
        for (String id : all) {
            if (plain(id).equals(plain(wanted))) {
                return id;
            }
        }
        broken.add(page + ": no such heading: " + link);
        return wanted;
    }

    private static String plain(String id) {
        return id.replaceAll("[.%][0-9A-F]{2}|\\W|_", "").toLowerCase(Locale.ROOT);
    }

    /** Copies a source file, or the list of a directory, to a page, and returns that. */
    private static Path copy(Path source) throws IOException {
        Path page = SITE.resolve("sources").resolve(source + ".html");
        if (Files.exists(page)) {
            return page;
        }
        Files.createDirectories(page.getParent());
        StringBuilder text = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"UTF-8\"/>"
            + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>" + source.getFileName()
            + "</title></head>\n<body><h1>" + source + "</h1>\n");
        if (Files.isDirectory(source)) {
            try (Stream<Path> files = Files.list(source)) {
                for (Path file : files.sorted().toList()) {
                    text.append("<p><a href=\"" + page.getParent().relativize(copy(file)) + "\">" + file.getFileName()
                        + "</a></p>\n");
                }
            }
        } else {
            String content = Files.readString(source).replace("&", "&amp;").replace("<", "&lt;");
            text.append("<pre style=\"overflow-x: auto\">" + content + "</pre>\n");
        }
        Files.writeString(page, text + "</body></html>\n");
        return page;
    }
}
