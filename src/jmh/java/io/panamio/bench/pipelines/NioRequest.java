package io.panamio.bench.pipelines;

import java.nio.ByteBuffer;

/** Parses the head of a request in place, without allocation. */
final class NioRequest {
    private static final String CONNECTION = "connection:";
    private static final String CLOSE = "close";

    private NioRequest() {
    }

    /** Returns the end of the head that begins at an index; -1 if it is incomplete. */
    static int end(ByteBuffer in, int start) {
        for (int i = start + 3; i < in.limit(); i++) {
            if (in.get(i) == '\n' && in.get(i - 1) == '\r' && in.get(i - 2) == '\n' && in.get(i - 3) == '\r') {
                return i + 1;
            }
        }
        return -1;
    }

    /** Returns whether a text begins at an index. */
    static boolean is(String text, ByteBuffer in, int at) {
        for (int i = 0; i < text.length(); i++) {
            if (at + i >= in.limit() || in.get(at + i) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether the client requests the connection to be closed. */
    static boolean isLast(ByteBuffer in, int start, int end) {
        for (int i = start; i < end; i++) {
            if (in.get(i) == '\n' && isIgnoringCase(CONNECTION, in, i + 1, end)) {
                for (int j = i + 1 + CONNECTION.length(); j < end && in.get(j) != '\r'; j++) {
                    if (isIgnoringCase(CLOSE, in, j, end)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static boolean isIgnoringCase(String text, ByteBuffer in, int at, int end) {
        for (int i = 0; i < text.length(); i++) {
            if (at + i >= end || Character.toLowerCase(in.get(at + i)) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
