package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.sys.TcpFields;
import io.panamio.sys.TcpFields.Field;
import java.util.Map;
import java.util.function.IntConsumer;

/** What a system's structure of the state of a connection is read as. */
public final class TcpStates {
    private TcpStates() {
    }

    /** Asserts the value of each field: -1 is that of the fields that are not known. */
    public static void assertFields(Map<Field, Long> known, TcpFields info) {
        for (Field field : Field.values()) {
            assertEquals(known.getOrDefault(field, -1L), info.get(field), field::name);
        }
    }

    /** Asserts Linux's numbers of the system's states 0, 1, 2 and so on, each of which is set in turn. */
    public static void assertStates(TcpFields info, IntConsumer state, int... numbers) {
        for (int i = 0; i < numbers.length; i++) {
            state.accept(i);
            assertEquals(numbers[i], info.get(Field.STATE), "state " + i);
        }
    }
}
