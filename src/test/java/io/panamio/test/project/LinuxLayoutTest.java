package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.cmsghdr;
import io.panamio.bindings.linux.mmsghdr;
import io.panamio.bindings.linux.msghdr;
import io.panamio.bindings.linux.pollfd;
import io.panamio.bindings.linux.sock_extended_err;
import io.panamio.bindings.linux.sockaddr_in;
import io.panamio.bindings.linux.sockaddr_in6;
import io.panamio.bindings.linux.sockaddr_storage;
import io.panamio.bindings.linux.tcp_info;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Compares hand-written constants and signatures of {@code sys.linux} and {@code sys.unix} with Linux's bindings. */
@Tag("any-platform")
class LinuxLayoutTest {
    /** The method named like a function must have the parameters of the function, in the same order. */
    @Test
    void everyFunctionIsCalledAsTheBindingsDescribeIt() throws Exception {
        TreeMap<String, String> expected = new TreeMap<>();
        for (String function : Bindings.LINUX.symbols("function")) {
            MethodType type = descriptor(function).toMethodType();
            boolean ofParts = Set.of("recv", "send", "read", "write", "writev").contains(function); // with an offset
            expected.put(function, (ofParts ? type.insertParameterTypes(2, long.class) : type).toString());
        }
        TreeMap<String, String> called = new TreeMap<>();
        for (String owner : List.of("unix.Libc", "linux.Epoll", "linux.LinuxMessages", "linux.LinuxTransfers",
                "linux.MirroredMemory", "unix.Mapping", "unix.SocketFiles", "unix.UnixPipes", "unix.UnixSockets",
                "unix.UnixTransfers")) {
            for (Method method : Class.forName("io.panamio.sys." + owner).getDeclaredMethods()) {
                String name = method.getName();
                String function = expected.containsKey("epoll_" + name) ? "epoll_" + name : name;
                MethodType type = MethodType.methodType(method.getReturnType(), method.getParameterTypes());
                if (type.toString().equals(expected.get(function))) { // other overloads are allowed
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
            default -> (FunctionDescriptor) Bindings.call(Linux.class, function + "$descriptor");
        };
    }

    private static FunctionDescriptor variadic(String function) throws ReflectiveOperationException {
        Field field = Class.forName(Linux.class.getName() + "$" + function).getDeclaredField("BASE_DESC");
        field.setAccessible(true);
        return (FunctionDescriptor) field.get(null);
    }

    /**
     * {@code Libc} passes all arguments in registers, which hold six integers or addresses: no function may have more.
     */
    @Test
    void everyFunctionFitsTheCommonFunctionType() throws Exception {
        for (String function : Bindings.LINUX.symbols("function")) {
            FunctionDescriptor d = descriptor(function);
            List<MemoryLayout> all = new ArrayList<>(d.argumentLayouts());
            d.returnLayout().ifPresent(all::add);
            assertTrue(all.stream().allMatch(l -> l.equals(Linux.C_INT) || l.equals(Linux.C_LONG)
                || l.equals(Linux.C_POINTER)), function + d);
            int max = Set.of("recvfrom", "sendto", "splice", "mmap").contains(function) ? 6 : 5;
            assertTrue(d.argumentLayouts().size() <= max, function);
        }
    }

    private static long constant(String owner, String name) throws ReflectiveOperationException {
        Field field = Class.forName("io.panamio.sys." + owner).getDeclaredField(name);
        field.setAccessible(true);
        return ((Number) field.get(null)).longValue();
    }

    @Test
    void errnoAndTcpInfoHaveTheLayoutOfTheBindings() throws Exception {
        assertEquals(Linux.UIO_MAXIOV(), constant("NativeScratch", "MAX_VECTORS"));
        MemoryLayout captured = Linker.Option.captureStateLayout();
        assertEquals(0, captured.byteOffset(MemoryLayout.PathElement.groupElement("errno")));
        assertEquals(tcp_info.tcpi_options$offset(), constant("linux.LinuxSockets", "TCP_OPTIONS"));
        assertEquals(tcp_info.tcpi_bytes_acked$offset(), constant("linux.LinuxSockets", "TCP_BYTES_ACKED"));
    }

    @Test
    void messagesHaveTheLayoutOfTheBindings() throws Exception {
        assertEquals(0, mmsghdr.msg_hdr$offset());
        assertEquals(4, mmsghdr.msg_len$layout().byteSize());
        assertEquals(0, cmsghdr.cmsg_len$offset());
        assertEquals(8, cmsghdr.cmsg_len$layout().byteSize());
        assertEquals(8, msghdr.msg_controllen$layout().byteSize());
        assertEquals(8, msghdr.msg_iovlen$layout().byteSize());
        assertEquals(16, sock_extended_err.sizeof());
        assertEquals(0, sockaddr_in.sin_family$offset());
        assertEquals(0, sockaddr_in6.sin6_family$offset());
        assertEquals(2, sockaddr_in.sin_family$layout().byteSize());
        assertEquals(2, sockaddr_in6.sin6_family$layout().byteSize());
    }

    @Test
    void scratchHasRoomForEveryArgument() throws Exception {
        Class<?> state = Class.forName("io.panamio.sys.NativeScratch");
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
    void epollEventsHaveTheLayoutOfTheBindings() throws Exception {
        boolean x86 = System.getProperty("os.arch").equals("amd64");
        Class<?> event = Bindings.LINUX.binding("epoll_event", x86 ? "x86_64" : "aarch64");
        assertEquals(Bindings.call(event, "sizeof"), constant("linux.Epoll", "EVENT_SIZE"));
        assertEquals(Bindings.call(event, "events$offset"), constant("linux.Epoll", "EVENTS_OFFSET"));
        assertEquals(Bindings.call(event, "data$offset"), constant("linux.Epoll", "DATA_OFFSET"));
    }
}
