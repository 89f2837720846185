package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Compiles libraries for {@code -Dpanamio.test.library} that forward all but some functions to the C library, or to the
 * double of one that is in use.
 */
public final class ForwardingLibrary {
    private static final String SYSTEM = Systems.Kernel.HERE.name();
    private static final Path SYMBOLS = Child.BASE.resolve(
        "jextract/" + SYSTEM.toLowerCase(Locale.ROOT) + "/symbols.txt");

    /** The functions by which the selectors wait. */
    public static final String WAITS = "epoll_wait epoll_pwait2 kevent poll";

    private ForwardingLibrary() {
    }

    /** Returns the functions of {@link #WAITS} in C, which execute a statement before they wait. */
    public static String waiting(String statement) {
        return """
            #include <poll.h>
            #include <signal.h>
            #include <time.h>
            static void waits(void) {
              %s
            }
            int epoll_wait(int epoll, void *events, int max, int millis) {
              waits();
              return ((int (*)(int, void *, int, int)) real_epoll_wait)(epoll, events, max, millis);
            }
            int epoll_pwait2(int epoll, void *events, int max, const struct timespec *timeout,
                const sigset_t *signals) {
              waits();
              return ((int (*)(int, void *, int, const struct timespec *, const sigset_t *))
                real_epoll_pwait2)(epoll, events, max, timeout, signals);
            }
            int kevent(int kqueue, const void *changes, int count, void *events, int max,
                const struct timespec *timeout) {
              if (count == 0) {
                waits();
              }
              return ((int (*)(int, const void *, int, void *, int, const struct timespec *)) real_kevent)(kqueue,
                changes, count, events, max, timeout);
            }
            int poll(struct pollfd *polled, nfds_t count, int millis) {
              if (count > 1) { // of the selector
                waits();
              }
              return ((int (*)(struct pollfd *, nfds_t, int)) real_poll)(polled, count, millis);
            }
            """.formatted(statement);
    }

    /** Compiles a library that has the functions that Panamio calls, but not {@code missing}. */
    public static Path without(Path directory, String... missing) throws IOException, InterruptedException {
        return compile(directory, "", "", missing);
    }

    /**
     * Compiles a library that replaces functions and lacks some others.
     *
     * @param replaced the functions, separated by blanks; those that the system lacks are never called
     * @param code the functions in C, which may call the originals by their names with the prefix {@code real_}; the
     *     name of the system is defined: LINUX, MACOS or FREEBSD
     */
    public static Path replacing(Path directory, String replaced, String code, String... missing)
            throws IOException, InterruptedException {
        return compile(directory, replaced, code, missing);
    }

    private static Path compile(Path directory, String replaced, String replacement, String... missing)
            throws IOException, InterruptedException {
        Qemu.lacks("a C compiler for aarch64");
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
        StringBuilder code = new StringBuilder("#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#define "
            + SYSTEM + " 1\n");
        StringBuilder init = new StringBuilder("__attribute__((constructor)) static void init(void) {\n"
            + "  void *libc = dlopen(\"" + System.getProperty("panamio.test.library", "libc.so.6")
            + "\", RTLD_NOW);\n");
        List<String> replacements = List.of(replaced.split(" "));
        Set<String> functions = new LinkedHashSet<>(functions());
        for (String function : replacements) {
            if (!function.isEmpty() && functions.add(function)) {
                code.append("__asm__(\".hidden ").append(function).append("\");\n");
            }
        }
        functions.removeAll(Set.of(missing));
        for (String function : functions) {
            code.append("__attribute__((visibility(\"hidden\"))) void *real_").append(function).append(";\n");
            init.append("  real_").append(function).append(" = dlsym(libc, \"").append(function).append("\");\n");
            if (replacements.contains(function)) {
                continue;
            }
            code.append("__asm__(\".pushsection .text\\n.globl ").append(function).append("\\n.type ").append(function)
                .append(",%function\\n").append(function).append(": ").append(jump("real_" + function))
                .append("\\n.popsection\\n\");\n");
        }
        code.append(replacement).append('\n').append(init).append("}\n");
        Path source = Files.writeString(directory.resolve("forward.c"), code);
        Path library = directory.resolve("libforward.so");
        Process cc;
        try {
            cc = new ProcessBuilder("cc", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl")
                .redirectErrorStream(true).start();
        } catch (IOException e) {
            return MissingPrograms.missing("cc", "no C compiler here");
        }
        String output = new String(cc.getInputStream().readAllBytes());
        assertEquals(0, cc.waitFor(), output);
        return library;
    }

    private static List<String> functions() throws IOException {
        String option = "--include-function ";
        Stream<String> generated = Files.readAllLines(SYMBOLS).stream().filter(line -> line.startsWith(option))
            .map(line -> line.substring(option.length()).strip());
        return Stream.concat(generated, SYSTEM.equals("MACOS") ? Stream.of("fstat$INODE64") : Stream.empty()).toList();
    }

    private static String jump(String to) {
        return System.getProperty("os.arch").equals("aarch64")
            ? "adrp x16, " + to + "\\n ldr x16, [x16, :lo12:" + to + "]\\n br x16"
            : "jmp *" + to + "(%rip)";
    }
}
