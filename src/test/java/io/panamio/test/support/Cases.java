package io.panamio.test.support;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;

/** Cases that a child JVM runs: the static methods of a class without parameters and result, in the order of names. */
public final class Cases {
    private Cases() {
    }

    private static List<Method> of(Class<?> cases) {
        return Arrays.stream(cases.getDeclaredMethods())
            .filter(method -> method.getParameterCount() == 0 && method.getReturnType() == void.class
                && !method.isSynthetic())
            .sorted((a, b) -> a.getName().compareTo(b.getName())).toList();
    }

    /** {@return what {@link #run} prints if every case passes} */
    public static String names(Class<?> cases) {
        return String.join("\n", of(cases).stream().map(Method::getName).toList());
    }

    /** Runs the cases of a class, and prints the name of each that passes. */
    public static void run(Class<?> cases) throws Exception {
        for (Method method : of(cases)) {
            try {
                method.setAccessible(true);
                method.invoke(null);
            } catch (InvocationTargetException e) {
                throw new AssertionError(method.getName(), e.getCause());
            }
            System.out.println(method.getName());
        }
    }
}
