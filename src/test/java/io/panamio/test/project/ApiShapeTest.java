package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.IoSource;
import io.panamio.test.support.Child;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rules for all public types. */
@Tag("any-platform")
class ApiShapeTest {
    /** The classes that users may extend. */
    private static final Set<Class<?>> EXTENSIBLE = Set.of(IoSource.class);

    /** Returns the names of all classes of the library and its examples. */
    private static List<String> names() throws IOException {
        try (Stream<Path> all = Files.walk(Child.CLASSES.resolve("io/panamio"))) {
            return all.map(file -> Child.CLASSES.relativize(file).toString()).filter(file -> file.endsWith(".class"))
                .map(file -> file.replace(".class", "").replace('/', '.')).toList();
        }
    }

    private static List<Class<?>> exported() throws IOException {
        List<Class<?>> types = new ArrayList<>();
        for (String name : names()) {
            if (Stream.of("io.panamio.sys.", "io.panamio.jfr.", "io.panamio.bindings.").noneMatch(name::startsWith)
                    && !name.endsWith("package-info")) {
                Class<?> type = load(name);
                if (isPublic(type)) {
                    types.add(type);
                }
            }
        }
        assertFalse(types.isEmpty());
        return types;
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, IoSource.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isPublic(Class<?> type) {
        return Modifier.isPublic(type.getModifiers())
            && (type.getDeclaringClass() == null || isPublic(type.getDeclaringClass()));
    }

    private static boolean isSeen(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    @Test
    void onlyListedClassesCanBeExtended() throws IOException {
        Set<String> open = new TreeSet<>();
        for (Class<?> type : exported()) {
            boolean closed = type.isInterface() || type.isSealed() || Modifier.isFinal(type.getModifiers())
                || Stream.of(type.getDeclaredConstructors()).noneMatch(c -> isSeen(c.getModifiers()));
            if (!closed && !EXTENSIBLE.contains(type)) {
                open.add(type.getName());
            }
        }
        assertEquals(Set.of(), open);
    }

    @Test
    void noConstructorIsOnlyForSubclassesInTheLibrary() throws IOException {
        Set<String> odd = new TreeSet<>();
        for (Class<?> type : exported()) {
            for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                if (Modifier.isProtected(constructor.getModifiers()) && !EXTENSIBLE.contains(type)) {
                    odd.add(constructor.toString());
                }
            }
        }
        assertEquals(Set.of(), odd);
    }

    @Test
    void noSignatureUsesATypeThatIsNotExported() throws IOException {
        Set<String> odd = new TreeSet<>();
        for (Class<?> type : exported()) {
            for (Method method : type.getDeclaredMethods()) {
                check(method, odd, method.getGenericReturnType());
            }
            for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                check(constructor, odd, void.class);
            }
            for (Field field : type.getDeclaredFields()) {
                if (isSeen(field.getModifiers())) {
                    check(field.getGenericType(), field.toString(), odd);
                }
            }
        }
        assertEquals(Set.of(), odd);
    }

    /** The documentation of a type also lists the methods of its supertypes that are not public. */
    @Test
    void noMethodIsListedTwice() throws IOException {
        Set<String> twice = new TreeSet<>();
        for (Class<?> type : exported()) {
            list(type, type, new HashSet<>(), twice);
        }
        assertEquals(Set.of(), twice);
    }

    private static void list(Class<?> type, Class<?> in, Set<String> listed, Set<String> twice) {
        for (Method method : type.getDeclaredMethods()) {
            String signature = method.getName() + Arrays.toString(method.getParameterTypes());
            if (isSeen(method.getModifiers()) && !method.isSynthetic() && !listed.add(signature)) {
                twice.add(in.getName() + "." + signature);
            }
        }
        List<Class<?>> supertypes = new ArrayList<>(List.of(type.getInterfaces()));
        if (type.getSuperclass() != null) {
            supertypes.add(type.getSuperclass());
        }
        for (Class<?> supertype : supertypes) {
            if (!isPublic(supertype)) {
                list(supertype, in, listed, twice);
            }
        }
    }

    @Test
    void noLinkNamesATypeThatIsNotExported() throws IOException {
        Set<String> known = new TreeSet<>();
        for (Class<?> type : exported()) {
            known.add(type.getName());
        }
        Set<String> hidden = new TreeSet<>();
        for (String name : names()) {
            if (!name.contains("$") && !known.contains(name)) {
                hidden.add(name.substring(name.lastIndexOf('.') + 1));
            }
        }
        Pattern link = Pattern.compile("(?:\\{@link(?:plain)?|@see|@throws)[\\s*]+([\\w.]+)");
        Set<String> odd = new TreeSet<>();
        int links = 0;
        Path sources = Child.BASE.resolve("src/main/java");
        for (String name : known) {
            Path source = sources.resolve(name.replace('.', '/') + ".java");
            if (Files.exists(source)) { // else a nested type
                for (Matcher m = link.matcher(Files.readString(source)); m.find(); links++) {
                    if (Stream.of(m.group(1).split("\\.")).anyMatch(hidden::contains)) {
                        odd.add(name + ": " + m.group());
                    }
                }
            }
        }
        assertEquals(Set.of(), odd);
        assertTrue(links > 100 && hidden.size() > 10, links + " links, " + hidden);
    }

    private static void check(Executable of, Set<String> odd, Type result) {
        if (isSeen(of.getModifiers()) && !of.isSynthetic()) {
            check(result, of.toString(), odd);
            for (Type type : of.getGenericParameterTypes()) {
                check(type, of.toString(), odd);
            }
            for (Type type : of.getGenericExceptionTypes()) {
                check(type, of.toString(), odd);
            }
        }
    }

    private static void check(Type type, String of, Set<String> odd) {
        switch (type) {
            case Class<?> c when c.isArray() -> check(c.getComponentType(), of, odd);
            case Class<?> c -> {
                boolean ours = c.getName().startsWith("io.panamio.");
                if (ours && (!isPublic(c) || c.getName().matches("io\\.panamio\\.(sys|jfr)\\..*"))) {
                    odd.add(of);
                }
            }
            case GenericArrayType array -> check(array.getGenericComponentType(), of, odd);
            case ParameterizedType parameterized -> {
                check(parameterized.getRawType(), of, odd);
                for (Type argument : parameterized.getActualTypeArguments()) {
                    check(argument, of, odd);
                }
            }
            case WildcardType wildcard -> {
                for (Type bound : wildcard.getUpperBounds()) {
                    check(bound, of, odd);
                }
            }
            default -> { } // a type variable
        }
    }
}
