package io.panamio.sys.bsd;

/** Numbers that macOS and FreeBSD have in common, under the names of their headers. */
final class Bsd {
    static final int EVFILT_READ = -1;
    static final int EVFILT_WRITE = -2;
    static final int EV_ADD = 0x01;
    static final int EV_DELETE = 0x02;
    static final int EV_DISABLE = 0x08;
    static final int EV_ONESHOT = 0x10;
    static final int EV_CLEAR = 0x20;
    static final int EV_RECEIPT = 0x40;
    static final int EV_DISPATCH = 0x80;
    static final int EV_ERROR = 0x4000;
    static final int EV_EOF = 0x8000;
    static final int NOTE_LOWAT = 0x01;
    static final int NOTE_TRIGGER = 0x0100_0000;

    static final int SCM_TIMESTAMP = 2;
    static final int S_IFDIR = 0040000;
    static final int MAP_ANON = 0x1000;

    private Bsd() {
    }
}
