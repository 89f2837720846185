package io.panamio.test.support;

/** Linux' system calls that tests let fail, with their numbers on each processor. */
public enum SystemCall {
    ACCEPT4(288, 242, 364, 344),
    CLONE(56, 220, 120, 120),
    CLONE3(435, 435, 435, 435),
    EPOLL_CTL(233, 21, 250, 237),
    EPOLL_PWAIT(281, 22, 312, 303),
    EPOLL_PWAIT2(441, 441, 441, 441),
    EPOLL_WAIT(232, -1, 251, 238),
    GETDENTS64(217, 61, 220, 202),
    GETPEERNAME(52, 205, 368, 332),
    MEMFD_CREATE(319, 279, 350, 360),
    POLL(7, -1, 168, 167),
    PPOLL(271, 73, 302, 281),
    SENDFILE(40, 71, 187, 186),
    SENDTO(44, 206, 369, 335),
    SETSOCKOPT(54, 208, 366, 339),
    SPLICE(275, 76, 306, 283),
    WRITE(1, 64, 4, 4);

    /** The number on the current processor, -1 if that has no such call. */
    final int number;

    SystemCall(int amd64, int generic, int s390x, int ppc64) {
        number = switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> amd64;
            case "s390x" -> s390x;
            case "ppc64le" -> ppc64;
            default -> generic; // of aarch64, riscv64 and loongarch64
        };
    }
}
