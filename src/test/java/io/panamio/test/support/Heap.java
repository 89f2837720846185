package io.panamio.test.support;

/** The heap of this JVM, filled until not even the smallest array can be allocated. */
public final class Heap {
    private static volatile Object[] filling;

    private Heap() {
    }

    public static void fill() {
        for (int size = 1 << 20; size > 0; size >>= 1) {
            try {
                for (;;) {
                    Object[] more = new Object[size];
                    more[0] = filling;
                    filling = more;
                }
            } catch (OutOfMemoryError e) {
                continue;
            }
        }
    }

    /** Makes what {@link #fill} allocated garbage. */
    public static void free() {
        filling = null;
    }
}
