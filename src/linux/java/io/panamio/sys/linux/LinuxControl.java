package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.ucred;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.Structs;
import io.panamio.sys.unix.UnixControl;
import java.lang.foreign.MemorySegment;

/** The control messages that only Linux has, or has in this form. */
final class LinuxControl extends UnixControl {
    private LinuxControl(ControlFormat format, MemorySegment memory) {
        super(LinuxConstants.INSTANCE, format, memory);
    }

    /** The return type is the superclass, so that the verifier does not load this class for {@link LinuxMessages}. */
    static UnixControl in(ControlFormat format, MemorySegment memory) {
        return new LinuxControl(format, memory);
    }

    // ---- reading

    /** struct timespec. */
    @Override
    public long timestampNanos() {
        int data = find(Linux.SOL_SOCKET, Linux.SCM_TIMESTAMPNS, Structs.TIMESPEC_SIZE);
        return data < 0 ? -1 : memory.get(JAVA_LONG, data + Structs.TIMESPEC_SEC) * 1_000_000_000
            + memory.get(JAVA_LONG, data + Structs.TIMESPEC_NSEC);
    }

    @Override
    public int segmentSize() {
        return number(Linux.IPPROTO_UDP, Linux.UDP_GRO);
    }

    /** struct ucred. */
    @Override
    public int[] credentials() {
        int data = find(Linux.SOL_SOCKET, Linux.SCM_CREDENTIALS, (int) ucred.sizeof());
        return data < 0 ? null : new int[] {memory.get(JAVA_INT, data + ucred.pid$offset()),
            memory.get(JAVA_INT, data + ucred.uid$offset()), memory.get(JAVA_INT, data + ucred.gid$offset())};
    }

    // ---- writing

    @Override
    public void putTtl(int hops) {
        require("ttl", hops, 1, 255);
        putNumber(Linux.IP_TTL, Linux.IPV6_HOPLIMIT, hops);
    }

    @Override
    public void putTrafficClass(int bits) {
        require("traffic class", bits, 0, 255);
        putNumber(Linux.IP_TOS, Linux.IPV6_TCLASS, bits);
    }

    @Override
    public void putSegmentSize(int bytes) {
        require("segment size", bytes, 1, 65535);
        memory.set(JAVA_SHORT, add(Linux.IPPROTO_UDP, Linux.UDP_SEGMENT, 2), (short) bytes);
    }

    @Override
    public void putCredentials(int pid, int uid, int gid) {
        int data = add(Linux.SOL_SOCKET, Linux.SCM_CREDENTIALS, (int) ucred.sizeof());
        memory.set(JAVA_INT, data + ucred.pid$offset(), pid);
        memory.set(JAVA_INT, data + ucred.uid$offset(), uid);
        memory.set(JAVA_INT, data + ucred.gid$offset(), gid);
    }
}
