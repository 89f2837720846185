package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._ACCESS_ALLOWED_ACE;
import io.panamio.bindings.windows._ACE_HEADER;
import io.panamio.bindings.windows._ACL;
import io.panamio.bindings.windows._SECURITY_ATTRIBUTES;
import io.panamio.bindings.windows._SECURITY_DESCRIPTOR_RELATIVE;
import io.panamio.bindings.windows._SID_AND_ATTRIBUTES;
import io.panamio.bindings.windows._TOKEN_USER;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The access of this process's user, and of nobody else, to what it creates. */
final class OwnerOnly {
    private static final Dll DLL = Dll.load("advapi32");
    private static final MemorySegment OPEN_TOKEN = DLL.function("OpenProcessToken");
    private static final MemorySegment GET_INFORMATION = DLL.function("GetTokenInformation");

    /** The handle of the process for itself, which GetCurrentProcess returns. */
    private static final long THIS_PROCESS = -1;
    /** The offset of the number of authorities in a SID, and the sizes of what is before them and of one. */
    private static final int AUTHORITIES = 1;
    private static final int SID_HEADER_SIZE = 8;
    private static final int AUTHORITY_SIZE = 4;

    private OwnerOnly() {
    }

    /** Returns SECURITY_ATTRIBUTES, which make a handle that no child process inherits. */
    static MemorySegment attributes(Arena arena) throws IOException {
        MemorySegment attributes = _SECURITY_ATTRIBUTES.allocate(arena);
        _SECURITY_ATTRIBUTES.nLength(attributes, (int) _SECURITY_ATTRIBUTES.sizeof());
        _SECURITY_ATTRIBUTES.lpSecurityDescriptor(attributes, descriptor(arena));
        return attributes;
    }

    /** A security descriptor with a list of one entry, which allows the user everything. */
    private static MemorySegment descriptor(Arena arena) throws IOException {
        MemorySegment user = user(arena);
        long listOffset = _SECURITY_DESCRIPTOR_RELATIVE.sizeof();
        long sidOffset = _ACCESS_ALLOWED_ACE.SidStart$offset();
        long entrySize = sidOffset + user.byteSize();
        long listSize = _ACL.sizeof() + entrySize;
        MemorySegment descriptor = arena.allocate(listOffset + listSize, 8);
        _SECURITY_DESCRIPTOR_RELATIVE.Revision(descriptor, (byte) Windows.SECURITY_DESCRIPTOR_REVISION);
        _SECURITY_DESCRIPTOR_RELATIVE.Control(descriptor,
            (short) (Windows.SE_SELF_RELATIVE | Windows.SE_DACL_PRESENT | Windows.SE_DACL_PROTECTED));
        _SECURITY_DESCRIPTOR_RELATIVE.Dacl(descriptor, (int) listOffset);
        MemorySegment list = descriptor.asSlice(listOffset, listSize);
        _ACL.AclRevision(list, (byte) Windows.ACL_REVISION);
        _ACL.AclSize(list, (short) listSize);
        _ACL.AceCount(list, (short) 1);
        MemorySegment entry = list.asSlice(_ACL.sizeof(), entrySize);
        entry.set(JAVA_BYTE, _ACE_HEADER.AceType$offset(), (byte) Windows.ACCESS_ALLOWED_ACE_TYPE);
        entry.set(_ACE_HEADER.AceSize$layout(), _ACE_HEADER.AceSize$offset(), (short) entrySize);
        entry.set(JAVA_INT, _ACCESS_ALLOWED_ACE.Mask$offset(), Windows.FILE_ALL_ACCESS);
        MemorySegment.copy(user, 0, entry, sidOffset, user.byteSize());
        return descriptor;
    }

    /** Returns the SID of the user. */
    private static MemorySegment user(Arena arena) throws IOException {
        MemorySegment token = arena.allocate(8, 8);
        check("OpenProcessToken",
            Kernel32.bool(OPEN_TOKEN, THIS_PROCESS, Windows.TOKEN_QUERY, token.address(), 0, 0, 0));
        int handle = token.get(JAVA_INT, 0);
        try {
            long size = _TOKEN_USER.sizeof() + Windows.SECURITY_MAX_SID_SIZE;
            MemorySegment information = arena.allocate(size, 8);
            check("GetTokenInformation", Kernel32.bool(GET_INFORMATION, handle, Windows.TokenUser,
                information.address(), size, token.address(), 0));
            long sid = _SID_AND_ATTRIBUTES.Sid(_TOKEN_USER.User(information)).address() - information.address();
            int authorities = information.get(JAVA_BYTE, sid + AUTHORITIES);
            return information.asSlice(sid, SID_HEADER_SIZE + (long) authorities * AUTHORITY_SIZE);
        } finally {
            Kernel32.closeHandle(handle);
        }
    }

    private static void check(String call, int r) throws IOException {
        if (r < 0) {
            throw Errors.io(call, -r);
        }
    }
}
