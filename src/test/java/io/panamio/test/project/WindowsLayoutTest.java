package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._AFD_POLL_HANDLE_INFO;
import io.panamio.bindings.windows._AFD_POLL_INFO;
import io.panamio.bindings.windows.sockaddr_in;
import io.panamio.bindings.windows.sockaddr_in6;
import io.panamio.bindings.windows.sockaddr_storage;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Compares the definitions that mingw-w64 lacks, and that the bindings take from a header of this project, with a
 * second source: AFD with wepoll, mio and ReactOS, the constants with Microsoft's documentation.
 */
@Tag("any-platform")
class WindowsLayoutTest {
    private static final Map<String, Integer> MISSING = Map.ofEntries(
        // function code 9 of the device 0x12, METHOD_BUFFERED: 0x12 << 12 | 9 << 2
        Map.entry("IOCTL_AFD_POLL", 73764),
        Map.entry("AFD_POLL_RECEIVE", 1),
        Map.entry("AFD_POLL_RECEIVE_EXPEDITED", 1 << 1),
        Map.entry("AFD_POLL_SEND", 1 << 2),
        Map.entry("AFD_POLL_DISCONNECT", 1 << 3),
        Map.entry("AFD_POLL_ABORT", 1 << 4),
        Map.entry("AFD_POLL_LOCAL_CLOSE", 1 << 5),
        Map.entry("AFD_POLL_CONNECT", 1 << 6),
        Map.entry("AFD_POLL_ACCEPT", 1 << 7),
        Map.entry("AFD_POLL_CONNECT_FAIL", 1 << 8),
        Map.entry("SIO_UDP_NETRESET", 0x9800000F),
        Map.entry("TCP_KEEPIDLE", 3),
        Map.entry("TCP_MAXSEG", 4),
        Map.entry("TCP_FASTOPEN", 15),
        Map.entry("TCP_KEEPCNT", 16),
        Map.entry("TCP_KEEPINTVL", 17),
        Map.entry("UDP_SEND_MSG_SIZE", 2),
        Map.entry("UDP_RECV_MAX_COALESCED_SIZE", 3),
        Map.entry("UDP_COALESCED_INFO", 3),
        Map.entry("MEM_COALESCE_PLACEHOLDERS", 0x1),
        Map.entry("MEM_PRESERVE_PLACEHOLDER", 0x2),
        Map.entry("MEM_REPLACE_PLACEHOLDER", 0x4000),
        Map.entry("MEM_RESERVE_PLACEHOLDER", 0x40000));

    @Test
    void constantsThatTheHeadersLackHaveTheirNumbers() throws Exception {
        TreeMap<String, Integer> bound = new TreeMap<>();
        var defined = Pattern.compile("#define (\\w+)")
            .matcher(Files.readString(Bindings.WINDOWS.jextract().resolve("missing.h")));
        while (defined.find()) {
            bound.put(defined.group(1), (Integer) Bindings.call(Windows.class, defined.group(1)));
        }
        assertEquals(new TreeMap<>(MISSING), bound);
    }

    @Test
    void addressesAreWrittenWhereTheBindingsHaveThem() throws Exception {
        assertEquals(sockaddr_in.sizeof(), sockaddr("SOCKADDR_IN_SIZE"));
        assertEquals(sockaddr_in.sin_port$offset(), sockaddr("PORT_OFFSET"));
        assertEquals(sockaddr_in.sin_addr$offset(), sockaddr("ADDR_OFFSET"));
        assertEquals(sockaddr_in6.sizeof(), sockaddr("SOCKADDR_IN6_SIZE"));
        assertEquals(sockaddr_in6.sin6_port$offset(), sockaddr("PORT_OFFSET"));
        assertEquals(sockaddr_in6.sin6_addr$offset(), sockaddr("ADDR6_OFFSET"));
        assertEquals(sockaddr_in6.sin6_scope_id$offset(), sockaddr("SCOPE_ID_OFFSET"));
        assertEquals(sockaddr_storage.sizeof(), sockaddr("STORAGE_SIZE"));
        assertEquals(0, sockaddr_in.sin_family$offset());
        assertEquals(0, sockaddr_in6.sin6_family$offset());
    }

    private static long sockaddr(String name) throws Exception {
        Field constant = Class.forName("io.panamio.sys.windows.Sockaddr").getDeclaredField(name);
        constant.setAccessible(true);
        return constant.getInt(null);
    }

    @Test
    void pollRequestsAreWhereAfdReadsThem() {
        assertEquals(List.of(0L, 8L, 12L, 16L, 32L), List.of(_AFD_POLL_INFO.Timeout$offset(),
            _AFD_POLL_INFO.NumberOfHandles$offset(), _AFD_POLL_INFO.Exclusive$offset(),
            _AFD_POLL_INFO.Handles$offset(), _AFD_POLL_INFO.sizeof()));
        assertEquals(List.of(8L, 4L, 4L), List.of(_AFD_POLL_INFO.Timeout$layout().byteSize(),
            _AFD_POLL_INFO.NumberOfHandles$layout().byteSize(), _AFD_POLL_INFO.Exclusive$layout().byteSize()));
        assertEquals(List.of(0L, 8L, 12L, 16L), List.of(_AFD_POLL_HANDLE_INFO.Handle$offset(),
            _AFD_POLL_HANDLE_INFO.Events$offset(), _AFD_POLL_HANDLE_INFO.Status$offset(),
            _AFD_POLL_HANDLE_INFO.sizeof()));
        assertEquals(List.of(8L, 4L, 4L), List.of(_AFD_POLL_HANDLE_INFO.Handle$layout().byteSize(),
            _AFD_POLL_HANDLE_INFO.Events$layout().byteSize(), _AFD_POLL_HANDLE_INFO.Status$layout().byteSize()));
    }
}
