package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Compiles libraries for {@code -Dpanamio.test.library} that forward all but some functions to the C library. */
public final class ForwardingLibrary {
    private static final Path SYMBOLS = Child.BASE.resolve("jextract/linux/symbols.txt");

    private ForwardingLibrary() {
    }

    /** Compiles a library that has the functions that Panamio calls, but not {@code missing}. */
    public static Path without(Path directory, String... missing) throws IOException, InterruptedException {
        return compile(directory, "", "", missing);
    }

    /**
     * Compiles a library that replaces functions and lacks some others.
     *
     * @param replaced the functions, separated by blanks
     * @param code the functions in C, which may call the originals by their names with the prefix {@code real_}
     */
    public static Path replacing(Path directory, String replaced, String code, String... missing)
            throws IOException, InterruptedException {
        return compile(directory, replaced, code, missing);
    }

    private static Path compile(Path directory, String replaced, String replacement, String... missing)
            throws IOException, InterruptedException {
        Qemu.lacks("a C compiler for aarch64");
        Behaviour.NUMBERS_ARE_LINUXS.require(); // its functions are Linux's
        StringBuilder code = new StringBuilder("#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n");
        StringBuilder init = new StringBuilder("__attribute__((constructor)) static void init(void) {\n"
            + "  void *libc = dlopen(\"libc.so.6\", RTLD_NOW);\n");
        List<String> replacements = List.of(replaced.split(" "));
        for (String function : functions(missing)) {
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
        Behaviour.PROGRAMS_ARE_OTHERS.skip();
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

    private static List<String> functions(String... missing) throws IOException {
        String option = "--include-function ";
        List<String> functions = new ArrayList<>(Files.readAllLines(SYMBOLS).stream()
            .filter(line -> line.startsWith(option)).map(line -> line.substring(option.length()).strip()).toList());
        functions.removeAll(Set.of(missing));
        return functions;
    }

    private static String jump(String to) {
        return System.getProperty("os.arch").equals("aarch64")
            ? "adrp x16, " + to + "\\n ldr x16, [x16, :lo12:" + to + "]\\n br x16"
            : "jmp *" + to + "(%rip)";
    }
}
