package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.SystemError;
import java.io.IOException;
import org.junit.jupiter.api.function.Executable;

/** Assertions about exceptions. */
public final class Failures {
    private Failures() {
    }

    /** Asserts that an action fails in the system call {@code call} with the error {@code errnoName}. */
    public static <E extends IOException> E assertFails(Class<E> kind, String call, String errnoName,
            Executable executable) {
        E e = assertThrows(kind, executable);
        assertFailure(call, errnoName, e);
        return e;
    }

    /** Asserts the system call and the errno of an exception. */
    public static void assertFailure(String call, String errnoName, Throwable e) {
        SystemError error = assertInstanceOf(SystemError.class, e);
        assertEquals(call + " " + errnoName, error.call() + " " + error.errnoName(), e::toString);
        assertTrue(error.errno() > 0, e::toString);
        assertTrue(e.getMessage().contains(call) && e.getMessage().contains(errnoName), e::toString);
    }
}
