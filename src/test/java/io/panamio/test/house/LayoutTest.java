package io.panamio.test.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.cmsghdr;
import io.panamio.bindings.linux.in6_pktinfo;
import io.panamio.bindings.linux.in_pktinfo;
import io.panamio.bindings.linux.iovec;
import io.panamio.bindings.linux.ip_mreqn;
import io.panamio.bindings.linux.ipv6_mreq;
import io.panamio.bindings.linux.linger;
import io.panamio.bindings.linux.mmsghdr;
import io.panamio.bindings.linux.msghdr;
import io.panamio.bindings.linux.pollfd;
import io.panamio.bindings.linux.sock_extended_err;
import io.panamio.bindings.linux.sockaddr_in;
import io.panamio.bindings.linux.sockaddr_in6;
import io.panamio.bindings.linux.sockaddr_storage;
import io.panamio.bindings.linux.sockaddr_un;
import io.panamio.bindings.linux.tcp_info;
import io.panamio.bindings.linux.timespec;
import io.panamio.bindings.linux.ucred;
import io.panamio.test.support.Child;
import io.panamio.test.support.MissingPrograms;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.PaddingLayout;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A C compiler judges what the bindings claim about Linux; what is written by hand is compared with the bindings. */
@Tag("any-back-end")
class LayoutTest {
    private static final Path JEXTRACT = Child.BASE.resolve("jextract/linux");
    private static final String BINDINGS = "io.panamio.bindings.linux.";

    /** That a constant expression of C has a value. */
    private record Claim(String expression, long value) {
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

    @TempDir
    private Path directory;

    // ---- what there is

    /** The names that a symbol list includes as one {@code kind}. */
    private static Set<String> symbols(String file, String kind) throws IOException {
        String option = "--include-" + kind + " ";
        return Files.readAllLines(JEXTRACT.resolve(file)).stream().filter(line -> line.startsWith(option))
            .map(line -> line.substring(option.length()).strip()).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> structs(String file) throws IOException {
        Set<String> all = symbols(file, "struct");
        all.addAll(symbols(file, "union"));
        return all;
    }

    private static Stream<Method> statics(Class<?> of) {
        return Arrays.stream(of.getDeclaredMethods())
            .filter(m -> Modifier.isPublic(m.getModifiers()) && Modifier.isStatic(m.getModifiers()))
            .filter(m -> m.getParameterCount() == 0);
    }

    private static Object call(Class<?> of, String method) throws ReflectiveOperationException {
        return of.getMethod(method).invoke(null);
    }

    // ---- what they claim

    private static List<Claim> claims(String arch) throws Exception {
        List<Claim> claims = new ArrayList<>();
        for (String name : symbols("symbols.txt", "constant")) {
            long value = ((Number) call(Linux.class, name)).longValue();
            String c = "(long long)(" + name + ")";
            // an unsigned int with the top bit set, as EPOLLET is, is negative in Java
            String signed = "(" + c + " >> 31 == 1 ? " + c + " - (1LL << 32) : " + c + ")";
            claims.add(new Claim(value < 0 ? signed : c, value));
        }
        for (String name : structs("symbols.txt")) {
            addStruct(claims, "struct " + name, Class.forName(BINDINGS + name));
        }
        for (String name : symbols("epoll_event.txt", "struct")) {
            addStruct(claims, "struct " + name, Class.forName(BINDINGS + arch + "." + name));
        }
        for (String name : symbols("epoll_event.txt", "union")) {
            addStruct(claims, "union " + name, Class.forName(BINDINGS + arch + "." + name));
        }
        return claims;
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
        for (String field : fields(binding)) {
            long offset = base + (long) call(binding, field + "$offset");
            MemoryLayout layout = (MemoryLayout) call(binding, field + "$layout");
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

    private static Set<String> fields(Class<?> binding) {
        return statics(binding).map(Method::getName).filter(name -> name.endsWith("$offset"))
            .map(name -> name.substring(0, name.length() - "$offset".length()))
            .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> members(Class<?> binding) throws ReflectiveOperationException {
        return named((GroupLayout) call(binding, "layout")).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The members of a layout that have names; those of a struct or union without one are its own. */
    private static Stream<String> named(GroupLayout layout) {
        return layout.memberLayouts().stream().filter(l -> !(l instanceof PaddingLayout))
            .flatMap(l -> l.name().orElseThrow().startsWith("$anon") ? named((GroupLayout) l)
                : Stream.of(l.name().orElseThrow()));
    }

    // ---- the compiler

    /** What compiles for {@code arch} here; where there is nothing, the test ends. */
    private List<String> compiler(String arch) throws Exception {
        String probe = "#include <sys/epoll.h>\n#ifndef __" + arch + "__\n#error another processor\n#endif\n";
        List<List<String>> candidates = new ArrayList<>();
        candidates.add(List.of("cc"));
        candidates.add(List.of(arch + "-linux-gnu-gcc"));
        List<String> clang = new ArrayList<>(List.of("clang", "-ferror-limit=0"));
        clang.addAll(Files.readAllLines(JEXTRACT.resolve(arch + ".flags")));
        candidates.add(clang);

        for (List<String> candidate : candidates) {
            try {
                if (compile(candidate, probe).isEmpty()) {
                    return candidate;
                }
            } catch (IOException e) {
                // not installed
            }
        }
        return MissingPrograms.missing(arch + "-linux-gnu-gcc",
            "no C compiler with headers for " + arch + " here, looked for " + candidates);
    }

    /** Compiles C and returns the messages of the compiler. */
    private String compile(List<String> compiler, String source) throws IOException, InterruptedException {
        Path file = Files.writeString(directory.resolve("claims.c"), source);
        List<String> command = new ArrayList<>(compiler);
        command.addAll(List.of("-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", file.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes());
        return process.waitFor() == 0 ? "" : "error\n" + said;
    }

    private static String source(List<Claim> claims) {
        return claims.stream().map(Claim::assertion).collect(Collectors.joining("\n",
            "#include \"" + JEXTRACT.resolve("panamio.h") + "\"\n#include <stddef.h>\n", "\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64"})
    void theCompilerAgreesWithEveryClaimOfTheBindings(String arch) throws Exception {
        assertEquals("", compile(compiler(arch), source(claims(arch))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64"})
    void theCompilerRejectsEveryClaimThatIsOffByOne(String arch) throws Exception {
        List<Claim> wrong = claims(arch).stream().map(Claim::wrong).toList();
        String said = compile(compiler(arch), source(wrong));
        assertEquals(List.of(), wrong.stream().filter(c -> !said.contains("\"" + c + "\"")).toList(), said);
    }

    @Test
    void nothingIsLeftOut() throws Exception {
        Set<String> functions = statics(Linux.class).map(Method::getName).filter(name -> name.endsWith("$descriptor"))
            .map(name -> name.substring(0, name.indexOf('$'))).collect(Collectors.toCollection(TreeSet::new));
        functions.addAll(Set.of("fcntl", "ioctl", "open")); // variadic: a class each
        assertEquals(symbols("symbols.txt", "function"), functions);
        Set<String> constants = statics(Linux.class).filter(m -> m.getReturnType().isPrimitive()).map(Method::getName)
            .collect(Collectors.toCollection(TreeSet::new));
        constants.removeAll(functions); // one without parameters looks like a constant
        assertEquals(symbols("symbols.txt", "constant"), constants);
        Set<String> structs = structs("symbols.txt");
        structs.add("Linux");
        assertEquals(structs, classes(""));

        for (String arch : List.of("x86_64", "aarch64")) {
            Set<String> epoll = structs("epoll_event.txt");
            epoll.add("Epoll");
            assertEquals(epoll, classes(arch));

            int expected = constants.size();
            for (String struct : union(structs("symbols.txt"), structs("epoll_event.txt"))) {
                boolean common = structs.contains(struct);
                expected += 2 + count(Class.forName(BINDINGS + (common ? "" : arch + ".") + struct));
            }
            assertEquals(expected, claims(arch).size());
        }
    }

    private static Set<String> union(Set<String> a, Set<String> b) {
        return Stream.concat(a.stream(), b.stream()).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The top-level classes of a package of the bindings. */
    private static Set<String> classes(String arch) throws IOException {
        try (Stream<Path> files = Files.list(Child.CLASSES.resolve("io/panamio/bindings/linux").resolve(arch))) {
            return files.map(f -> f.getFileName().toString()).filter(f -> f.endsWith(".class") && !f.contains("$"))
                .map(f -> f.substring(0, f.length() - ".class".length()))
                .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /**
     * How many claims the fields of a struct make: three each, two for a flexible array, and those of the anonymous
     * structs within.
     */
    private static int count(Class<?> binding) throws ReflectiveOperationException {
        assertEquals(members(binding), fields(binding), binding.getName());
        int count = 0;
        for (String member : members(binding)) {
            count += ((MemoryLayout) call(binding, member + "$layout")).byteSize() == 0 ? 2 : 3;
        }
        for (Class<?> anonymous : binding.getDeclaredClasses()) {
            count += count(anonymous);
        }
        return count;
    }

    // ---- what is written by hand

    /** A function's own parameters, in its order, is what the method of its name must have. */
    @Test
    void everyFunctionIsCalledAsTheBindingsDescribeIt() throws Exception {
        TreeMap<String, String> expected = new TreeMap<>();
        for (String function : symbols("symbols.txt", "function")) {
            MethodType type = descriptor(function).toMethodType();
            boolean ofParts = Set.of("recv", "send", "read", "write", "writev").contains(function); // from an offset on
            expected.put(function, (ofParts ? type.insertParameterTypes(2, long.class) : type).toString());
        }
        TreeMap<String, String> called = new TreeMap<>();
        for (String owner : List.of("unix.Libc", "linux.Epoll", "linux.LinuxMessages", "linux.LinuxTransfers",
                "linux.Mapping", "unix.SocketFiles", "unix.UnixPipes", "unix.UnixSockets", "unix.UnixTransfers")) {
            for (Method method : Class.forName("io.panamio.sys." + owner).getDeclaredMethods()) {
                String name = method.getName();
                String function = expected.containsKey("epoll_" + name) ? "epoll_" + name : name;
                MethodType type = MethodType.methodType(method.getReturnType(), method.getParameterTypes());
                if (type.toString().equals(expected.get(function))) { // there may be others that prepare its arguments
                    called.put(function, type.toString());
                }
            }
        }
        assertEquals(expected, called);
    }

    /** {@return the descriptor of a function in the bindings, with one variadic argument} */
    private static FunctionDescriptor descriptor(String function) throws ReflectiveOperationException {
        return switch (function) {
            case "fcntl", "open" -> variadic(function).appendArgumentLayouts(Linux.C_INT);
            case "ioctl" -> variadic(function).appendArgumentLayouts(Linux.C_POINTER);
            default -> (FunctionDescriptor) call(Linux.class, function + "$descriptor");
        };
    }

    private static FunctionDescriptor variadic(String function) throws ReflectiveOperationException {
        Field field = Class.forName(Linux.class.getName() + "$" + function).getDeclaredField("BASE_DESC");
        field.setAccessible(true);
        return (FunctionDescriptor) field.get(null);
    }

    /** What {@code Libc} calls them by: registers hold six integers or addresses, and no more are asked for. */
    @Test
    void everyFunctionFitsTheShapeOfCalls() throws Exception {
        for (String function : symbols("symbols.txt", "function")) {
            FunctionDescriptor d = descriptor(function);
            List<MemoryLayout> all = new ArrayList<>(d.argumentLayouts());
            d.returnLayout().ifPresent(all::add);
            assertTrue(all.stream().allMatch(l -> l.equals(Linux.C_INT) || l.equals(Linux.C_LONG)
                || l.equals(Linux.C_POINTER)), function + d);
            int most = Set.of("recvfrom", "sendto", "splice", "mmap").contains(function) ? 6 : 5;
            assertTrue(d.argumentLayouts().size() <= most, function);
        }
    }

    private static long constant(String owner, String name) throws ReflectiveOperationException {
        Field field = Class.forName("io.panamio.sys." + owner).getDeclaredField(name);
        field.setAccessible(true);
        return ((Number) field.get(null)).longValue();
    }

    @Test
    void addressesAreWrittenWhereTheBindingsHaveThem() throws Exception {
        assertEquals(sockaddr_in.sizeof(), constant("unix.Sockaddr", "SOCKADDR_IN_SIZE"));
        assertEquals(sockaddr_in.sin_port$offset(), constant("unix.Sockaddr", "PORT_OFFSET"));
        assertEquals(sockaddr_in.sin_addr$offset(), constant("unix.Sockaddr", "ADDR_OFFSET"));
        assertEquals(sockaddr_in6.sizeof(), constant("unix.Sockaddr", "SOCKADDR_IN6_SIZE"));
        assertEquals(sockaddr_in6.sin6_port$offset(), constant("unix.Sockaddr", "PORT_OFFSET"));
        assertEquals(sockaddr_in6.sin6_flowinfo$offset(), constant("unix.Sockaddr", "FLOWINFO_OFFSET"));
        assertEquals(sockaddr_in6.sin6_addr$offset(), constant("unix.Sockaddr", "ADDR6_OFFSET"));
        assertEquals(sockaddr_in6.sin6_scope_id$offset(), constant("unix.Sockaddr", "SCOPE_ID_OFFSET"));
        assertEquals(0, sockaddr_in.sin_family$offset());
        assertEquals(0, sockaddr_in6.sin6_family$offset());
        assertEquals(2, sockaddr_in.sin_family$layout().byteSize());
        assertEquals(2, sockaddr_in6.sin6_family$layout().byteSize());
    }

    /** Those of macOS and the BSDs were compared with their headers. */
    @Test
    void linuxHasTheNumbersOfEveryUnix() throws Exception {
        for (Field number : Class.forName("io.panamio.sys.unix.Posix").getDeclaredFields()) {
            assertEquals(((Number) call(Linux.class, number.getName())).longValue(),
                constant("unix.Posix", number.getName()), number.getName());
        }
    }

    @Test
    void pollfdsAreWrittenWhereTheBindingsHaveThem() throws Exception {
        assertEquals(pollfd.sizeof(), constant("unix.PollSelector", "POLLFD_SIZE"));
        assertEquals(pollfd.fd$offset(), constant("unix.PollSelector", "FD"));
        assertEquals(pollfd.events$offset(), constant("unix.PollSelector", "EVENTS"));
        assertEquals(pollfd.revents$offset(), constant("unix.PollSelector", "REVENTS"));
        assertEquals(pollfd.events$offset() + 2, pollfd.revents$offset(), "one int clears both");
    }

    @Test
    void iovecsAndErrnoAreWhereTheCodeHasThem() throws Exception {
        assertEquals(iovec.sizeof(), constant("unix.UnixStreams", "IOVEC_SIZE"));
        assertEquals(iovec.iov_base$offset(), constant("unix.UnixStreams", "IOV_BASE_OFFSET"));
        assertEquals(iovec.iov_len$offset(), constant("unix.UnixStreams", "IOV_LEN_OFFSET"));
        assertEquals(Linux.UIO_MAXIOV(), constant("unix.NativeScratch", "IOV_MAX"));
        MemoryLayout captured = Linker.Option.captureStateLayout();
        assertEquals(0, captured.byteOffset(MemoryLayout.PathElement.groupElement("errno")));
        assertEquals(tcp_info.tcpi_options$offset(), constant("linux.LinuxSockets", "TCP_OPTIONS"));
        assertEquals(tcp_info.tcpi_bytes_acked$offset(), constant("linux.LinuxSockets", "TCP_BYTES_ACKED"));
    }

    @Test
    void messagesAreWhereTheBindingsHaveThem() throws Exception {
        assertEquals(0, mmsghdr.msg_hdr$offset());
        assertEquals(4, mmsghdr.msg_len$layout().byteSize());
        assertEquals(0, cmsghdr.cmsg_len$offset());
        assertEquals(8, cmsghdr.cmsg_len$layout().byteSize());
        assertEquals(8, msghdr.msg_controllen$layout().byteSize());
        assertEquals(8, msghdr.msg_iovlen$layout().byteSize());
        assertEquals(16, sock_extended_err.sizeof());
        assertEquals(sockaddr_storage.sizeof(), constant("unix.Sockaddr", "STORAGE_SIZE"));
        assertEquals(sockaddr_un.sun_path$offset(), constant("unix.Sockaddr", "PATH_OFFSET"));
    }

    @Test
    void structsOfOptionsAndControlMessagesAreAsTheCodeHasThem() {
        assertEquals(List.of(0L, 4L, 8L, 12L), List.of(ip_mreqn.imr_multiaddr$offset(), ip_mreqn.imr_address$offset(),
            ip_mreqn.imr_ifindex$offset(), ip_mreqn.sizeof()));
        assertEquals(List.of(0L, 16L, 20L), List.of(ipv6_mreq.ipv6mr_multiaddr$offset(),
            ipv6_mreq.ipv6mr_interface$offset(), ipv6_mreq.sizeof()));
        assertEquals(List.of(0L, 4L, 8L, 12L), List.of(in_pktinfo.ipi_ifindex$offset(),
            in_pktinfo.ipi_spec_dst$offset(), in_pktinfo.ipi_addr$offset(), in_pktinfo.sizeof()));
        assertEquals(List.of(0L, 16L, 20L), List.of(in6_pktinfo.ipi6_addr$offset(),
            in6_pktinfo.ipi6_ifindex$offset(), in6_pktinfo.sizeof()));
        assertEquals(List.of(0L, 4L, 8L, 12L), List.of(ucred.pid$offset(), ucred.uid$offset(), ucred.gid$offset(),
            ucred.sizeof()));
        assertEquals(List.of(0L, 4L, 8L), List.of(linger.l_onoff$offset(), linger.l_linger$offset(), linger.sizeof()));
        assertEquals(List.of(0L, 8L, 16L), List.of(timespec.tv_sec$offset(), timespec.tv_nsec$offset(),
            timespec.sizeof()));
    }

    @Test
    void thereIsRoomForEveryArgument() throws Exception {
        Class<?> state = Class.forName("io.panamio.sys.unix.NativeScratch");
        Object mine = state.getMethod("enter").invoke(null);
        assertTrue(room(mine, "address") >= sockaddr_storage.sizeof());
        assertTrue(room(mine, "message") >= msghdr.sizeof());
        assertTrue(room(mine, "wholeMessage") >= msghdr.sizeof());
        assertTrue(room(mine, "length") >= Linux.C_INT.byteSize());
        assertTrue(room(mine, "argument") >= io.panamio.bindings.linux.aarch64.epoll_event.sizeof());
        assertTrue(room(mine, "argument") >= pollfd.sizeof());
    }

    private static long room(Object state, String field) throws ReflectiveOperationException {
        Field f = state.getClass().getDeclaredField(field);
        f.setAccessible(true);
        return ((MemorySegment) f.get(state)).byteSize();
    }

    @Test
    void epollEventsAreReadWhereTheBindingsHaveThem() throws Exception {
        boolean x86 = System.getProperty("os.arch").equals("amd64");
        Class<?> event = Class.forName(BINDINGS + (x86 ? "x86_64" : "aarch64") + ".epoll_event");
        assertEquals(call(event, "sizeof"), constant("linux.Epoll", "EVENT_SIZE"));
        assertEquals(call(event, "events$offset"), constant("linux.Epoll", "EVENTS_OFFSET"));
        assertEquals(call(event, "data$offset"), constant("linux.Epoll", "DATA_OFFSET"));
    }
}
