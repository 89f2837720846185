package io.panamio.sys.windows;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.bindings.windows.Windows;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the socket below layered providers is found, of which Wine has none. */
@Tag("any-platform")
class BaseSocketTest {
    private static final int REFUSED = -Windows.WSAEOPNOTSUPP;

    private static String name(int code) {
        return switch (code) {
            case Windows.SIO_BASE_HANDLE -> "base";
            case Windows.SIO_BSP_HANDLE_SELECT -> "select";
            case Windows.SIO_BSP_HANDLE_POLL -> "poll";
            case Windows.SIO_BSP_HANDLE -> "bsp";
            default -> throw new AssertionError(code);
        };
    }

    /** A question and its answer are such as {@code 1.base=2}; what has no answer here is refused. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = """
        answers                                         | found  | asked
        1.base=1                                        | 1      | 1.base
        1.base=2                                        | 2      | 1.base
        1.select=2 2.base=3                             | 3      | 1.base 1.select 2.base
        1.select=1 1.poll=2 2.base=2                    | 2      | 1.base 1.select 1.poll 2.base
        1.poll=2 2.base=2                               | 2      | 1.base 1.select 1.poll 2.base
        1.select=1 1.poll=1 1.bsp=2 2.base=2            | 2      | 1.base 1.select 1.poll 1.bsp 2.base
        1.bsp=2 2.base=2                                | 2      | 1.base 1.select 1.poll 1.bsp 2.base
        1.select=2 2.poll=3 3.base=3                    | 3      | 1.base 1.select 2.base 2.select 2.poll 3.base
        1.select=1 1.poll=1 1.bsp=1                     | -10045 | 1.base 1.select 1.poll 1.bsp
        ''                                              | -10045 | 1.base 1.select 1.poll 1.bsp
        1.select=2                                      | -10045 | 1.base 1.select 2.base 2.select 2.poll 2.bsp
        1.base=-10038                                   | -10038 | 1.base
        1.select=2 2.base=-10038                        | -10038 | 1.base 1.select 2.base
        """)
    void eachProviderIsAskedForTheNextOne(String answers, int found, String asked) {
        List<String> questions = new ArrayList<>();
        BaseSocket provider = new BaseSocket() {
            @Override
            int ask(int socket, int code) {
                String question = socket + "." + name(code);
                questions.add(question);
                for (String answer : answers.split(" ")) {
                    if (answer.startsWith(question + "=")) {
                        return Integer.parseInt(answer.substring(question.length() + 1));
                    }
                }
                return REFUSED;
            }
        };
        assertEquals(found, provider.of(1));
        assertEquals(asked, String.join(" ", questions));
    }
}
