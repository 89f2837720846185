package io.panamio.test.project;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.bindings.windows.Windows;
import io.panamio.test.support.Behaviour;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The bindings of Windows as the JVM in use reads them. */
@Tag("any-selector")
class WindowsBindingsTest {
    /** A digest of the claims that {@link LayoutTest} has a C compiler check on Linux. */
    @Test
    void theJvmReadsWhatTheCompilerHasChecked() throws Exception {
        List<String> claims = Bindings.WINDOWS.claims("x86_64").stream().map(Object::toString).sorted().toList();
        CRC32 sum = new CRC32();
        sum.update(String.join("\n", claims).getBytes());
        assertEquals("1240 claims, CRC 72e91579", claims.size() + " claims, CRC " + Long.toHexString(sum.getValue()));
    }

    @Test
    void theTypesOfCAreThoseOfItsLinker() {
        Behaviour.ERRORS_ARE_WINSOCKS.require();
        Map<String, MemoryLayout> types = Linker.nativeLinker().canonicalLayouts();
        assertEquals(types.get("short"), Windows.C_SHORT);
        assertEquals(types.get("int"), Windows.C_INT);
        assertEquals(types.get("long"), Windows.C_LONG);
        assertEquals(types.get("long long"), Windows.C_LONG_LONG);
        assertEquals(types.get("void*").byteSize(), Windows.C_POINTER.byteSize());
        assertEquals(2, types.get("wchar_t").byteSize());
    }
}
