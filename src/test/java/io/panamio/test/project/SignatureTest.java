package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Child;
import io.panamio.test.support.MissingPrograms;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Verifies the hand-written signatures of the C library's functions with a C++ compiler and the headers of each Unix
 * system and processor, and that the library of macOS and FreeBSD exports each function.
 *
 * <p>A signature is written as its result and its parameters, {@code i} for an int, {@code l} for eight bytes,
 * {@code p} for a pointer and {@code v} for nothing; a dot stands for variable arguments.
 */
@Tag("any-platform")
class SignatureTest {
    private static final Path LIBC = Path.of("/usr/local/share/zig/libc");
    private static final Map<Bindings, List<String>> SOURCES = Map.of(
        Bindings.LINUX, List.of("unix", "linux"),
        Bindings.MACOS, List.of("unix", "bsd", "macos"),
        Bindings.FREEBSD, List.of("unix", "bsd", "freebsd"));

    /** The headers of another C library of Linux. */
    private static final List<String> MUSL = List.of("x86_64-musl", "aarch64-musl");

    private static final Pattern LOOKUP =
        Pattern.compile("\\b(function|functionOrNull|linkVariadic|link)\\(\"([\\w$]+)\"");
    private static final Pattern VARIADIC =
        Pattern.compile("linkVariadic\\(\"(\\w+)\", (\\d), ([A-Z_, ]+)\\)");
    /** What {@code linkVariadic} makes of its second argument. */
    private static final String MARKER = "Linker.Option.firstVariadicArg(fixed)";
    private static final Pattern TYPED = Pattern.compile(
        "link\\(\"(\\w+)\",\\s+FunctionDescriptor.of\\((\\w+), ([A-Z_, ]+)\\)"
            + "(?:, Linker.Option.firstVariadicArg\\((\\d)\\))?");

    /** Compares a function's type with a signature. */
    private static final String COMPARISON = """
        template<class T> struct Kind { static constexpr char of = sizeof(T) == 8 ? 'l' : 'i'; };
        template<class T> struct Kind<T *> { static constexpr char of = 'p'; };
        template<> struct Kind<void> { static constexpr char of = 'v'; };
        constexpr bool same(const char *a, const char *b) { return *a == *b && (*a == 0 || same(a + 1, b + 1)); }
        template<char... C> constexpr bool equal(const char *s) { const char a[] = {C..., 0}; return same(a, s); }
        template<class R, class... A> constexpr bool is(R (*)(A...), const char *s) {
            return equal<Kind<R>::of, Kind<A>::of...>(s);
        }
        template<class R, class... A> constexpr bool is(R (*)(A..., ...), const char *s) {
            return equal<Kind<R>::of, Kind<A>::of..., '.'>(s);
        }
        """;

    @TempDir
    private Path directory;

    static Stream<Arguments> targets() {
        return SOURCES.keySet().stream().sorted((a, b) -> a.toString().compareTo(b.toString()))
            .flatMap(b -> Stream.concat(b.processors().stream(), b == Bindings.LINUX ? MUSL.stream() : Stream.of())
                .map(p -> Arguments.of(b, p)));
    }

    // ---- what is written by hand

    private static String sources(Bindings bindings) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String set : SOURCES.get(bindings)) {
            try (Stream<Path> files = Files.walk(Child.BASE.resolve("src").resolve(set).resolve("java"))) {
                for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                    all.append(Files.readString(file));
                }
            }
        }
        return all.toString();
    }

    /** Returns the functions that are looked up, including those that a system may lack. */
    private static Set<String> lookedUp(Bindings bindings) throws IOException {
        return LOOKUP.matcher(sources(bindings)).results().map(r -> r.group(2))
            .collect(Collectors.toCollection(TreeSet::new));
    }

    private static char kind(String layout) {
        return switch (layout) {
            case "JAVA_INT" -> 'i';
            case "JAVA_LONG" -> 'l';
            case "ADDRESS" -> 'p';
            default -> throw new AssertionError(layout);
        };
    }

    private static char kind(Class<?> type) {
        return type == int.class ? 'i' : type == long.class ? 'l' : type == MemorySegment.class ? 'p'
            : type == void.class ? 'v' : '?';
    }

    private static String kinds(String layouts, int fixed) {
        return Stream.of(layouts.split(", ")).limit(fixed).map(l -> String.valueOf(kind(l)))
            .collect(Collectors.joining());
    }

    /** Returns the signatures of the functions that are linked with a type of their own. */
    private static Map<String, String> typed(Bindings bindings) throws IOException {
        Map<String, String> typed = new TreeMap<>();
        String sources = sources(bindings);
        boolean marked = sources.contains(MARKER);
        for (Matcher m = VARIADIC.matcher(sources); m.find();) {
            int fixed = marked ? Integer.parseInt(m.group(2)) : Integer.MAX_VALUE;
            typed.put(m.group(1), "i" + kinds(m.group(3), fixed) + (marked ? "." : ""));
        }
        for (Matcher m = TYPED.matcher(sources); m.find();) {
            boolean variadic = m.group(4) != null;
            int fixed = variadic ? Integer.parseInt(m.group(4)) : Integer.MAX_VALUE;
            typed.put(m.group(1), kind(m.group(2)) + kinds(m.group(3), fixed) + (variadic ? "." : ""));
        }
        return typed;
    }

    /**
     * Returns the signatures of each function that is called by the common function type: those of the methods of its
     * name, without the offset that some have.
     */
    private static Map<String, Set<String>> common(Bindings bindings) throws Exception {
        Map<String, Set<String>> common = new TreeMap<>();
        for (String set : SOURCES.get(bindings)) {
            Path folder = Child.CLASSES.resolve("io/panamio/sys").resolve(set);
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".class")).sorted().toList()) {
                    String name = file.getFileName().toString().replace(".class", "");
                    Class<?> owner = Class.forName("io.panamio.sys." + set + "." + name, false,
                        SignatureTest.class.getClassLoader());
                    for (Method m : owner.getDeclaredMethods()) {
                        String signature = kind(m.getReturnType()) + Arrays.stream(m.getParameterTypes())
                            .map(type -> String.valueOf(kind(type))).collect(Collectors.joining());
                        Set<String> all = common.computeIfAbsent(m.getName(), n -> new TreeSet<>());
                        all.add(signature);
                        if (Set.of("recv", "send", "read", "write", "writev").contains(m.getName())) {
                            all.add(signature.replaceFirst("pl", "p"));
                        } else if (m.getName().equals("poll")) {
                            all.add(signature.replaceFirst("pl", "pi")); // nfds_t, which is small
                        }
                    }
                }
            }
        }
        return common;
    }

    /** Returns the possible signatures of each function. */
    private static Map<String, Set<String>> claims(Bindings bindings, String processor) throws Exception {
        Map<String, Set<String>> claims = new TreeMap<>();
        Map<String, String> typed = typed(bindings);
        Map<String, Set<String>> common = common(bindings);
        Set<String> functions = new TreeSet<>();
        for (String list : bindings.lists()) {
            functions.addAll(bindings.symbols(list, "function"));
        }
        for (String function : functions) {
            String shorter = function.replaceFirst("^epoll_", "");
            Set<String> methods = common.getOrDefault(function, common.getOrDefault(shorter, Set.of()));
            Set<String> signatures = typed.containsKey(function) ? Set.of(typed.get(function)) : methods;
            assertFalse(signatures.isEmpty(), "no method is named " + function);
            claims.put(function, signatures);
        }
        if (MUSL.contains(processor)) {
            assertEquals(Set.of("iil."), claims.put("ioctl", Set.of("iii."))); // the request, which has 32 bits
            claims.remove("epoll_pwait2"); // which may be missing
        }
        return claims;
    }

    // ---- the compiler

    private String compile(Bindings bindings, String processor, Map<String, Set<String>> claims) throws Exception {
        Path header = bindings.jextract().resolve("panamio.h");
        StringBuilder code = new StringBuilder("extern \"C\" {\n#include \"" + header + "\"\n}\n" + COMPARISON);
        claims.forEach((function, signatures) -> code.append(signatures.stream()
            .map(s -> "is(&" + function + ", \"" + s + "\")").collect(Collectors.joining(" || ", "static_assert(", ""))
            + ", \"" + function + " is none of " + signatures + "\");\n"));
        List<String> command = new ArrayList<>(List.of(MissingPrograms.require("clang").toString()));
        command.addAll(Files.readAllLines(bindings.jextract().resolve(processor + ".flags")));
        command.addAll(List.of("-x", "c++", "-std=gnu++14", "-fsyntax-only", "-ferror-limit=0", "-w"));
        command.add(Files.writeString(directory.resolve("signatures.cc"), code).toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String messages = new String(process.getInputStream().readAllBytes());
        return process.waitFor() == 0 ? "" : "error\n" + messages;
    }

    private void requireHeaders(Bindings bindings, String processor) throws Exception {
        String probe = compile(bindings, processor, Map.of());
        if (!probe.isEmpty()) {
            MissingPrograms.missing("headers-" + bindings + "-" + processor, probe);
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void theCompilerAgreesWithEverySignature(Bindings bindings, String processor) throws Exception {
        requireHeaders(bindings, processor);
        assertEquals("", compile(bindings, processor, claims(bindings, processor)));
    }

    /** With variable arguments that the function does not have, or without those that it has. */
    @ParameterizedTest
    @MethodSource("targets")
    void theCompilerRejectsEveryWrongSignature(Bindings bindings, String processor) throws Exception {
        requireHeaders(bindings, processor);
        Map<String, Set<String>> wrong = new TreeMap<>();
        claims(bindings, processor).forEach((function, signatures) -> {
            String one = signatures.iterator().next();
            wrong.put(function, Set.of(one.endsWith(".") ? one.substring(0, one.length() - 1) : one + "."));
        });
        String messages = compile(bindings, processor, wrong);
        assertEquals(List.of(),
            wrong.keySet().stream().filter(f -> !messages.contains(f + " is none of " + wrong.get(f))).toList());
    }

    /** The common function type has six parameters, all in registers. */
    @ParameterizedTest
    @MethodSource("targets")
    void everyFunctionHasAType(Bindings bindings, String processor) throws Exception {
        Set<String> typed = typed(bindings).keySet();
        assertTrue(typed.containsAll(Set.of("fcntl", "ioctl", "open")), typed::toString);
        assertEquals(bindings == Bindings.MACOS, typed.contains("shm_open"));
        claims(bindings, processor).forEach((function, signatures) -> assertTrue(typed.contains(function)
            || signatures.stream().anyMatch(s -> s.length() <= 7 && s.matches("[ilpv][ilp]*")), function));
    }

    // ---- exports

    /** Returns what the libraries of macOS export on a processor. */
    private static Set<String> ofMacos(String processor) throws IOException {
        String list = Files.readString(LIBC.resolve("darwin/libSystem.tbd"));
        String target = processor.equals("aarch64") ? "arm64e-macos" : "x86_64-macos";
        Set<String> all = new TreeSet<>();
        for (Matcher m = Pattern.compile("targets: +\\[([^]]*)]\\s+symbols: +\\[([^]]*)]").matcher(list); m.find();) {
            if (Arrays.asList(m.group(1).strip().split(",\\s*")).contains(target)) {
                for (String symbol : m.group(2).strip().split(",\\s*")) {
                    all.add(symbol.replace("'", "").replaceFirst("^_", ""));
                }
            }
        }
        return all;
    }

    /** Returns the names in the list of what FreeBSD's libraries export. */
    private static Set<String> ofFreebsd() throws IOException {
        String list = new String(Files.readAllBytes(LIBC.resolve("freebsd/abilists")), StandardCharsets.ISO_8859_1);
        return Pattern.compile("(\\w+)\0").matcher(list).results().map(r -> r.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The library of a system exports all functions that its platform looks up, except optional ones. */
    @ParameterizedTest
    @MethodSource("targets")
    void theSystemExportsEveryFunction(Bindings bindings, String processor) throws Exception {
        if (bindings == Bindings.LINUX) {
            return; // where the tests call them
        }
        requireHeaders(bindings, processor);
        Set<String> exported = bindings == Bindings.MACOS ? ofMacos(processor) : ofFreebsd();
        Set<String> missing = lookedUp(bindings);
        assertTrue(missing.size() > 35, missing::toString);
        missing.removeAll(exported);
        Set<String> others = processor.equals("x86_64") ? Set.of("accept4", "pipe2")
            : Set.of("accept4", "fstat$INODE64", "pipe2");
        assertEquals(bindings == Bindings.MACOS ? others : Set.of(), missing);
        assertFalse(exported.contains("no_such_function"));
    }
}
