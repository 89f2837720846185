package io.panamio.test.faults;

import java.util.Map;
import java.util.Set;

/**
 * A fault: a call that fails.
 *
 * @param function the function
 * @param nth which call of it, from 1
 * @param error the name of the error
 * @param errno its number on this system
 */
record Fault(String function, long nth, String error, int errno) {
    /** The names by which exceptions call functions, where that is another one. */
    private static final Map<String, Set<String>> NAMES = Map.of(
        "accept4", Set.of("accept"),
        "epoll_pwait2", Set.of("epoll_wait"),
        "fstat$INODE64", Set.of("fstat"));

    /** {@return the names that an exception may give to the call} */
    Set<String> names() {
        return NAMES.getOrDefault(function, Set.of(function));
    }

    @Override
    public String toString() {
        return error + " of call " + nth + " of " + function;
    }
}
