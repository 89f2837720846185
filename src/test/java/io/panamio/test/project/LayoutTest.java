package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.UnixConstants;
import io.panamio.test.project.Bindings.Claim;
import io.panamio.test.support.MissingPrograms;
import java.io.IOException;
import java.lang.foreign.MemoryLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Verifies the bindings of each system and processor with a C compiler. */
@Tag("any-platform")
class LayoutTest {
    @TempDir
    private Path directory;

    static List<Bindings> systems() {
        return Bindings.ALL;
    }

    static Stream<Arguments> targets() {
        return Bindings.ALL.stream().flatMap(b -> b.processors().stream().map(p -> Arguments.of(b, p)));
    }

    private static List<String> compiler(Bindings bindings, String processor, String... options) throws Exception {
        List<String> compiler = new ArrayList<>(List.of(MissingPrograms.require("clang").toString()));
        compiler.addAll(Files.readAllLines(bindings.jextract().resolve(processor + ".flags")));
        compiler.addAll(List.of(options));
        return compiler;
    }

    /** Compiles C and returns the compiler's messages; skips the test if the headers are not installed. */
    private String compile(Bindings bindings, String processor, List<Claim> claims) throws Exception {
        Path header = bindings.jextract().resolve("panamio.h");
        List<String> compiler = compiler(bindings, processor, "-std=gnu11", "-fsyntax-only", "-ferror-limit=0");
        String probe = run(compiler,
            "#include \"" + header + "\"\n#ifndef " + macro(processor) + "\n#error another processor\n#endif\n");
        if (!probe.isEmpty()) {
            MissingPrograms.missing("headers-" + bindings + "-" + processor, probe);
        }
        return run(compiler, claims.stream().map(Claim::assertion).collect(Collectors.joining("\n",
            "#include \"" + header + "\"\n#include <stddef.h>\n", "\n")));
    }

    /** Returns the macro that compilers for a processor define. */
    private static String macro(String processor) {
        return switch (processor) {
            case "riscv64" -> "__riscv";
            case "ppc64le" -> "__powerpc64__";
            case "loongarch64" -> "__loongarch64";
            default -> "__" + processor.replace("-musl", "") + "__";
        };
    }

    private String run(List<String> compiler, String source) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(compiler);
        command.add(Files.writeString(directory.resolve("claims.c"), source).toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        String messages = new String(process.getInputStream().readAllBytes());
        return process.waitFor() == 0 ? "" : "error\n" + messages;
    }

    @ParameterizedTest
    @MethodSource("targets")
    void theCompilerAgreesWithEveryClaimOfTheBindings(Bindings bindings, String processor) throws Exception {
        assertEquals("", compile(bindings, processor, bindings.claims(processor)));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void theCompilerRejectsEveryClaimThatIsOffByOne(Bindings bindings, String processor) throws Exception {
        List<Claim> wrong = bindings.claims(processor).stream().map(Claim::wrong).toList();
        String messages = compile(bindings, processor, wrong);
        assertEquals(List.of(), wrong.stream().filter(c -> !messages.contains("\"" + c + "\"")).toList(), messages);
    }

    /**
     * The C library musl declares fewer members, and those of the lengths in two structs as 32 bits with padding, where
     * the kernel, glibc and Panamio have 64 bits.
     */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64"})
    void muslDiffersOnlyInDeclarations(String processor) throws Exception {
        List<Claim> claims = Bindings.LINUX.claims(processor).stream()
            .filter(claim -> !claim.expression().contains("epoll_data")).toList(); // musl's is a typedef alone
        String messages = compile(Bindings.LINUX, processor + "-musl", claims);
        Set<String> different = claims.stream().filter(c -> messages.contains("\"" + c + "\"")).map(Claim::expression)
            .map(c -> c.replace("(long long)", "").replaceAll(" \\*\\)0\\)->|, ", "."))
            .map(c -> c.replaceAll(".*[ (](\\w+(\\.\\w+)*)\\)+$", "$1"))
            .filter(member -> !member.contains("__")).collect(Collectors.toCollection(TreeSet::new)); // private ones
        assertEquals(new TreeSet<>(List.of("O_ACCMODE", "cmsghdr", "cmsghdr.cmsg_len", "msghdr.msg_controllen",
            "msghdr.msg_iovlen", "statx.stx_dio_mem_align", "statx.stx_dio_offset_align", "statx.stx_mnt_id",
            "tcp_info")), different, messages);
    }

    @ParameterizedTest
    @MethodSource("systems")
    void nothingIsLeftOut(Bindings bindings) throws Exception {
        Class<?> header = bindings.constants();
        Set<String> functions = Bindings.statics(header).map(Method::getName).filter(n -> n.endsWith("$descriptor"))
            .map(name -> name.substring(0, name.indexOf('$'))).collect(Collectors.toCollection(TreeSet::new));
        for (Class<?> variadic : header.getDeclaredClasses()) { // jextract generates a class for each of these
            if (Modifier.isPublic(variadic.getModifiers())) {
                functions.add(variadic.getSimpleName());
            }
        }
        assertEquals(bindings.symbols("function"), functions);
        Set<String> constants = Bindings.statics(header).filter(m -> m.getReturnType().isPrimitive())
            .map(Method::getName).collect(Collectors.toCollection(TreeSet::new));
        constants.removeAll(functions); // a function without parameters looks like a constant
        assertEquals(bindings.symbols("constant"), constants);
        Set<String> common = bindings.structs("symbols.txt");
        common.add(bindings.header());
        assertEquals(common, bindings.classes(""));

        for (String processor : Bindings.PROCESSORS) {
            if (bindings.perProcessor() != null) {
                Set<String> own = bindings.structs(bindings.perProcessor());
                own.add(bindings.perProcessorHeader());
                assertEquals(own, bindings.classes(processor));
            }
            int expected = constants.size();
            for (String list : bindings.lists()) {
                for (String struct : bindings.structs(list)) {
                    expected += 2 + count(bindings.binding(struct, processor));
                }
            }
            assertEquals(expected, bindings.claims(processor).size());
        }
    }

    /** The numbers that are written by hand, as all of these systems have them. */
    @ParameterizedTest
    @CsvSource({"unix.Posix, LINUX", "unix.Posix, MACOS", "unix.Posix, FREEBSD", "bsd.Bsd, MACOS", "bsd.Bsd, FREEBSD"})
    void numbersInCommonAreThoseOfEachSystem(String owner, String system) throws Exception {
        Bindings bindings = (Bindings) Bindings.class.getDeclaredField(system).get(null);
        for (Field number : Class.forName("io.panamio.sys." + owner).getDeclaredFields()) {
            number.setAccessible(true);
            assertEquals(((Number) Bindings.call(bindings.constants(), number.getName())).longValue(),
                ((Number) number.get(null)).longValue(), number.getName());
        }
    }

    /** The sizes and offsets that are written by hand, named {@code STRUCT_SIZE} or {@code STRUCT_FIELD}. */
    @ParameterizedTest
    @CsvSource({"LINUX", "MACOS", "FREEBSD"})
    void structsInCommonAreThoseOfEachSystem(String system) throws Exception {
        Bindings bindings = (Bindings) Bindings.class.getDeclaredField(system).get(null);
        for (Field number : Class.forName("io.panamio.sys.unix.Structs").getDeclaredFields()) {
            String name = number.getName().toLowerCase(Locale.ROOT);
            if (system.equals("FREEBSD") && name.startsWith("in_pktinfo_")
                    || system.equals("LINUX") && name.startsWith("timeval_")) {
                continue; // has no such struct, or no use for it
            }
            String struct = bindings.structs("symbols.txt").stream().filter(s -> name.startsWith(s + "_"))
                .max(Comparator.comparing(String::length)).orElseThrow(() -> new AssertionError(name));
            String field = name.substring(struct.length() + 1);
            Class<?> binding = bindings.binding(struct, null);
            String method = field.equals("size") ? "sizeof"
                : Bindings.members(binding).stream().filter(f -> f.equals(field) || f.endsWith("_" + field)).findAny()
                    .orElseThrow(() -> new AssertionError(name)) + "$offset";
            number.setAccessible(true);
            assertEquals((long) Bindings.call(binding, method), ((Number) number.get(null)).longValue(), name);
        }
    }

    /** Every error of {@link Errno} that a system has is reported by its name, and by no other. */
    @ParameterizedTest
    @MethodSource("targets")
    void errorsHaveTheNamesOfTheHeaders(Bindings bindings, String processor) throws Exception {
        assumeTrue(bindings != Bindings.WINDOWS, "other names");
        compile(bindings, processor, List.of()); // are there headers?
        Map<String, String> defined = new TreeMap<>();
        Matcher definition = Pattern.compile("(?m)^#define (E[A-Z0-9]+) (\\w+)$").matcher(preprocess(
            compiler(bindings, processor, "-E", "-dM", "-include", "errno.h")));
        while (definition.find()) {
            defined.put(definition.group(1), definition.group(2));
        }
        String owner = "io.panamio.sys." + bindings.system() + "." + bindings.header() + "Constants";
        Field instance = Class.forName(owner).getDeclaredField("INSTANCE");
        Method errno = UnixConstants.class.getDeclaredMethod("errno", int.class);
        instance.setAccessible(true);
        errno.setAccessible(true);
        Map<Integer, Set<String>> names = new TreeMap<>();
        defined.forEach((name, value) -> names.computeIfAbsent(
            Integer.decode(defined.getOrDefault(value, value)), n -> new TreeSet<>()).add(name)); // or an alias
        assertTrue(names.size() > 90, names::toString);
        names.forEach((number, all) -> {
            Object reported = assertDoesNotThrow(() -> errno.invoke(instance.get(null), number));
            boolean known = Stream.of(Errno.values()).anyMatch(e -> all.contains(e.name()));
            assertTrue(known ? reported != null && all.contains(reported.toString()) : reported == null,
                number + " " + all + " is " + reported);
        });
    }

    private String preprocess(List<String> compiler) throws IOException {
        List<String> command = new ArrayList<>(compiler);
        command.add(Files.writeString(directory.resolve("empty.c"), "").toString());
        return new String(new ProcessBuilder(command).start().getInputStream().readAllBytes());
    }

    /**
     * Returns the number of claims about the fields of a struct: three for each, two for a flexible array, and those of
     * nested anonymous structs.
     */
    private static int count(Class<?> binding) throws ReflectiveOperationException {
        Map<String, String> fields = Bindings.fields(binding);
        assertEquals(Bindings.members(binding), new TreeSet<>(fields.values()), binding.getName());
        int count = 0;
        for (String field : fields.keySet()) {
            MemoryLayout layout = (MemoryLayout) Bindings.call(binding, field + "$layout");
            count += layout.byteSize() == 0 ? 2 : 3;
        }
        for (Class<?> anonymous : binding.getDeclaredClasses()) {
            count += count(anonymous);
        }
        return count;
    }
}
