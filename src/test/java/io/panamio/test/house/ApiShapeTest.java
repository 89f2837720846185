package io.panamio.test.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rules for all public types. */
@Tag("any-platform")
class ApiShapeTest {
    /** The classes that users may extend. */
    private static final Set<Class<?>> EXTENSIBLE = Set.of(IoSource.class);

    private static List<Class<?>> exported() throws IOException {
        List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> all = Files.walk(Child.CLASSES.resolve("io/panamio"))) {
            for (Path file : all.filter(f -> f.toString().endsWith(".class")).toList()) {
                String name = Child.CLASSES.relativize(file).toString().replace(".class", "").replace('/', '.');
                if (!name.startsWith("io.panamio.sys.") && !name.startsWith("io.panamio.bindings.")
                        && !name.endsWith("package-info")) {
                    Class<?> type = load(name);
                    if (isPublic(type)) {
                        types.add(type);
                    }
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
                if (ours && (!isPublic(c) || c.getName().startsWith("io.panamio.sys"))) {
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
