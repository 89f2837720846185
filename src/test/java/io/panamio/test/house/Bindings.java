package io.panamio.test.house;

import io.panamio.test.support.Child;
import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The bindings of one system, as jextract made them, and what they claim about its headers.
 *
 * @param system the name of the folders and of the package
 * @param header the class of the constants and functions
 * @param perProcessor the list of the symbols that differ between processors, or null
 * @param perProcessorHeader the class of their functions
 */
record Bindings(String system, String header, String perProcessor, String perProcessorHeader) {
    static final Bindings LINUX = new Bindings("linux", "Linux", "epoll_event.txt", "Epoll");
    static final Bindings MACOS = new Bindings("macos", "Macos", "fstat.txt", "Status");
    static final Bindings FREEBSD = new Bindings("freebsd", "Freebsd", null, null);
    static final Bindings WINDOWS = new Bindings("windows", "Windows", null, null);
    static final List<Bindings> ALL = List.of(LINUX, MACOS, FREEBSD, WINDOWS);
    static final List<String> PROCESSORS = List.of("x86_64", "aarch64");

    /** That a constant expression of C has a value. */
    record Claim(String expression, long value) {
        Claim wrong() {
            return new Claim(expression, value + 1);
        }

        String assertion() {
            return "_Static_assert(" + expression + " == " + value + "LL, \"" + this + "\");";
        }

        @Override
        public String toString() {
            return expression + " is " + value;
        }
    }

    // ---- where they are

    Path jextract() {
        return Child.BASE.resolve("jextract").resolve(system);
    }

    Class<?> constants() throws ReflectiveOperationException {
        return Class.forName("io.panamio.bindings." + system + "." + header);
    }

    /** {@return the class of a struct or union} */
    Class<?> binding(String struct, String processor) throws ReflectiveOperationException, IOException {
        boolean common = structs("symbols.txt").contains(struct);
        return Class.forName("io.panamio.bindings." + system + "." + (common ? "" : processor + ".") + struct);
    }

    /** {@return the names of all top-level classes: common ones, or with a processor those of its package} */
    Set<String> classes(String processor) throws IOException {
        Path folder = Child.CLASSES.resolve("io/panamio/bindings").resolve(system).resolve(processor);
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).filter(f -> f.endsWith(".class") && !f.contains("$"))
                .map(f -> f.substring(0, f.length() - ".class".length()))
                .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    // ---- what is asked for

    /** {@return the names that the list of common symbols includes as one kind} */
    Set<String> symbols(String kind) throws IOException {
        return symbols("symbols.txt", kind);
    }

    private Set<String> symbols(String file, String kind) throws IOException {
        String option = "--include-" + kind + " ";
        return Files.readAllLines(jextract().resolve(file)).stream().filter(line -> line.startsWith(option))
            .map(line -> line.substring(option.length()).strip()).collect(Collectors.toCollection(TreeSet::new));
    }

    /** {@return the structs and unions of a list} */
    Set<String> structs(String file) throws IOException {
        Set<String> all = symbols(file, "struct");
        all.addAll(symbols(file, "union"));
        return all;
    }

    List<String> lists() {
        return perProcessor == null ? List.of("symbols.txt") : List.of("symbols.txt", perProcessor);
    }

    // ---- what they claim

    List<Claim> claims(String processor) throws ReflectiveOperationException, IOException {
        List<Claim> claims = new ArrayList<>();
        for (String name : symbols("constant")) {
            claims.add(constant(name, (Number) call(constants(), name)));
        }
        for (String list : lists()) {
            for (String kind : List.of("struct", "union")) {
                for (String name : symbols(list, kind)) {
                    addStruct(claims, kind + " " + name, binding(name, processor));
                }
            }
        }
        return claims;
    }

    private static Claim constant(String name, Number value) {
        String type = switch (value) { // a type without a sign is negative in Java if the top bit is set
            case Byte b when b < 0 -> "signed char";
            case Short s when s < 0 -> "short";
            case Integer i when i < 0 -> "int";
            default -> "long long";
        };
        return new Claim("(long long)(" + type + ")(" + name + ")", value.longValue());
    }

    private static void addStruct(List<Claim> claims, String c, Class<?> binding)
            throws ReflectiveOperationException {
        claims.add(new Claim("(long long)sizeof(" + c + ")", (long) call(binding, "sizeof")));
        MemoryLayout layout = (MemoryLayout) call(binding, "layout");
        claims.add(new Claim("(long long)_Alignof(" + c + ")", layout.byteAlignment()));
        addFields(claims, c, "", 0, binding);
    }

    private static void addFields(List<Claim> claims, String c, String path, long base, Class<?> binding)
            throws ReflectiveOperationException {
        for (var names : fields(binding).entrySet()) {
            long offset = base + (long) call(binding, names.getKey() + "$offset");
            MemoryLayout layout = (MemoryLayout) call(binding, names.getKey() + "$layout");
            String field = names.getValue();
            String member = "((" + c + " *)0)->" + path + field;
            claims.add(new Claim("(long long)offsetof(" + c + ", " + path + field + ")", offset));
            if (layout.byteSize() > 0) { // a flexible array has no size in C
                claims.add(new Claim("(long long)sizeof(" + member + ")", layout.byteSize()));
            }
            claims.add(new Claim("(long long)__alignof__(" + member + ")", layout.byteAlignment()));
            for (Class<?> anonymous : binding.getDeclaredClasses()) {
                if (anonymous.getSimpleName().equals(field)) {
                    addFields(claims, c, path + field + ".", offset, anonymous);
                }
            }
        }
    }

    // ---- reflection

    static Stream<Method> statics(Class<?> of) {
        return Arrays.stream(of.getDeclaredMethods())
            .filter(m -> Modifier.isPublic(m.getModifiers()) && Modifier.isStatic(m.getModifiers()))
            .filter(m -> m.getParameterCount() == 0);
    }

    static Object call(Class<?> of, String method) throws ReflectiveOperationException {
        return of.getMethod(method).invoke(null);
    }

    /** {@return the fields of a struct: their names in Java, and those in C, which may be taken in Java} */
    static Map<String, String> fields(Class<?> binding) throws ReflectiveOperationException {
        Set<String> members = members(binding);
        return statics(binding).map(Method::getName).filter(name -> name.endsWith("$offset"))
            .map(name -> name.substring(0, name.length() - "$offset".length()))
            .collect(Collectors.toMap(name -> name,
                name -> members.contains(name) ? name : name.replaceFirst("_$", ""), (a, b) -> a, TreeMap::new));
    }

    static Set<String> members(Class<?> binding) throws ReflectiveOperationException {
        return named((GroupLayout) call(binding, "layout")).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The members of a layout that have names; those of a struct or union without one are its own. */
    private static Stream<String> named(GroupLayout layout) {
        return layout.memberLayouts().stream().filter(l -> !(l instanceof PaddingLayout))
            .flatMap(l -> l.name().orElseThrow().startsWith("$anon") ? named((GroupLayout) l)
                : Stream.of(l.name().orElseThrow()));
    }

    @Override
    public String toString() {
        return system;
    }
}
