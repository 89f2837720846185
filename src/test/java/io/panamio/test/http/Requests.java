package io.panamio.test.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Generates what a client sends on a connection: valid requests, hostile ones, and valid ones with damage. */
final class Requests {
    /** Targets, and which of the served files they are; null if they are none. */
    static final List<String[]> TARGETS = List.of(new String[][] {
        {"/a.txt", "a.txt"}, {"/%61.txt?q", "a.txt"}, {"//sub/.././a.txt", "a.txt"}, {"http://h:80/a.txt", "a.txt"},
        {"/sub/b.txt", "sub/b.txt"}, {"/large", "large"}, {"/empty", "empty"}, {"/missing", null}, {"/sub", null},
        {"/../secret", null}, {"/%zz", null}, {"/%2e%2e/secret", null}});

    private static final List<String> HOSTS = List.of("h", "h:80", "[::1]:8080", "", "127.0.0.1");
    private static final List<String> HARMLESS = List.of("Accept: */*", "User-Agent: x y/1", "Cookie: a=b; c",
        "X:", "X-Long: " + "v".repeat(300), "Connection: keep-alive", "Accept-Encoding: gzip, br", "TE: trailers",
        "X-Obs: \u00e4\u00ff", "X-Tab: a\tb", "Upgrade: h2c", "Via: 1.1 p");
    private static final List<String> HOSTILE = List.of("Transfer-Encoding: chunked", "Transfer-Encoding : chunked",
        "Transfer-Encoding:\tchunked", "Transfer-Encoding: xchunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: CHUNKED",
        "Transfer-Encoding:\u000bchunked", "Transfer-Encoding: chunked\u0000", "Transfer-Encoding: \"chunked\"",
        "transfer-encoding: chunked", "Transfer_Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked", "X: y\r\n\tTransfer-Encoding: chunked", "Content-Length: 0",
        "Content-Length: 5", "Content-Length: +5", "Content-Length: 05", "Content-Length: 5, 5", "Content-Length: 0x5",
        "Content-Length: -1", "Content-Length: 5 5", "Content-Length:", "Content-Length: 99999999999",
        "Content-Length: 99999999999999999999", "Content-Length : 5", "content-length: 5", "Content-Length: 5;",
        "Content-Length: \u0665", "Host: other", "Host: a b", "Host: a,b", "Host: u@h", "Host : h", "Host: []",
        "Host: [::1", " X: folded", "\tX", "no colon", ": no name", "X\u0000: y", "X: \u0000", "X: \u007f", "X: \r",
        "X: \u0001", "(X): y", "X Y: z", "Expect: 100-continue", "Expect: other", "Connection: close",
        "Connection: Close, x", "Connection: Content-Length", "X: " + "y".repeat(17_000), "GET / HTTP/1.1");
    private static final List<String> CHUNKS = List.of("0\r\n\r\n", "5\r\nabcde\r\n0\r\n\r\n",
        "5;x=y\r\nabcde\r\n0\r\n\r\n",
        "005\r\nabcde\r\n00\r\n\r\n", "5\r\nabcde\r\n0\r\nX: y\r\n\r\n",
        "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
        "5 ;x\r\nabcde\r\n0\r\n\r\n");
    private static final List<String> BAD_CHUNKS = List.of("5\nabcde\r\n0\r\n\r\n", "5\r\nabcde\n0\r\n\r\n",
        "5\r\nabcdef\r\n0\r\n\r\n", "5\r\nabcd\r\n0\r\n\r\n", "-5\r\nabcde\r\n0\r\n\r\n", "0x5\r\nabcde\r\n0\r\n\r\n",
        "5 \r\nabcde\r\n0\r\n\r\n", " 5\r\nabcde\r\n0\r\n\r\n", "5;a\nb\r\nabcde\r\n0\r\n\r\n", "fffffffff\r\n",
        "7fffffffffffffff\r\n", "ffffffffffffffff\r\n", "10000000000000005\r\nabcde\r\n0\r\n\r\n", "g\r\n", "\r\n\r\n",
        "0\r\n\n", "0\r\nno colon\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX : y\r\n\r\n",
        "5;\u0000\r\nabcde\r\n0\r\n\r\n",
        "5\r\nabcde\r\n0\r\n\r", "5\r\nabcde\r\n0\r\nX: y\r\n", "200000\r\n");
    private static final List<String> LINES = List.of("GET  /a.txt HTTP/1.1", "GET /a.txt  HTTP/1.1", "GET /a.txt",
        "GET /a.txt HTTP/1.1 ", " GET /a.txt HTTP/1.1", "GET /a.txt HTTP/1.12", "GET /a.txt HTTP/2.0",
        "GET /a.txt HTTP/11", "GET /a.txt http/1.1", "GET /a.txt HTTP/1.7", "GET\t/a.txt HTTP/1.1",
        "GET a.txt HTTP/1.1",
        "GET  HTTP/1.1", "POST  HTTP/1.1", "GET * HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT h:80 HTTP/1.1",
        "G(T /a.txt HTTP/1.1", "get /a.txt HTTP/1.1", "PRI * HTTP/2.0", "GET ftp://h/a.txt HTTP/1.1",
        "GET http:///a.txt HTTP/1.1", "GET http://u@h/a.txt HTTP/1.1", "GET http://h HTTP/1.1",
        "GET http://h?q HTTP/1.1", "GET /a\u0000b HTTP/1.1", "GET /a\rb HTTP/1.1", "GET /\u00e4 HTTP/1.1",
        "GET /" + "a".repeat(8100) + " HTTP/1.1", "A".repeat(9000) + " / HTTP/1.1", "", "\r", "\u0016\u0003\u0001");

    private final Random random;

    Requests(Random random) {
        this.random = random;
    }

    private <T> T one(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** Returns what is sent on a connection. */
    byte[] connection() {
        StringBuilder text = new StringBuilder();
        int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 24 : 6);
        boolean hostile = random.nextInt(3) > 0;
        int bad = hostile ? random.nextInt(count) : -1;
        for (int i = 0; i < count; i++) {
            if (i == bad) {
                hostile(text);
            } else {
                valid(text, i + 1 == count);
            }
        }
        if (hostile && random.nextInt(3) == 0) {
            damage(text);
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private void valid(StringBuilder text, boolean last) {
        int kind = random.nextInt(16);
        boolean old = kind == 0;
        text.append(kind == 1 ? "HEAD" : kind == 2 ? one(List.of("POST", "PUT", "OPTIONS", "FOO")) : "GET").append(' ')
            .append(one(TARGETS)[0]).append(old ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
        fields(text, old);
        if (old ? !last : random.nextInt(40) == 0) {
            text.append(old ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
        }
        switch (random.nextInt(6)) {
            case 0 -> {
                int length = random.nextInt(random.nextInt(8) == 0 ? 20_000 : 30);
                text.append("Content-Length: ").append(length).append("\r\n\r\n");
                for (int i = 0; i < length; i++) {
                    text.append((char) random.nextInt(256));
                }
            }
            case 1 -> text.append(old ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n" + one(CHUNKS));
            default -> text.append("\r\n");
        }
    }

    private void fields(StringBuilder text, boolean old) {
        int hostAt = random.nextInt(4);
        for (int i = 0; i < 4; i++) {
            if (i == hostAt && (!old || random.nextBoolean())) {
                text.append(one(List.of("Host", "host", "HOST"))).append(":").append(" ".repeat(random.nextInt(3)))
                    .append(one(HOSTS)).append("\r\n");
            } else if (random.nextInt(3) == 0) {
                text.append(one(HARMLESS)).append("\r\n");
            }
        }
    }

    private void hostile(StringBuilder text) {
        String hidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
        switch (random.nextInt(5)) {
            case 0 -> text.append(one(LINES)).append("\r\nHost: h\r\n\r\n");
            case 1 -> text.append("GET /a.txt HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
                .append(one(BAD_CHUNKS));
            default -> {
                text.append(one(List.of("GET", "POST", "HEAD"))).append(" /a.txt HTTP/1.")
                    .append(random.nextInt(8) / 7 ^ 1).append("\r\n");
                int host = random.nextInt(3);
                for (int i = 0; i < 3; i++) {
                    if (i == host) {
                        text.append("Host: h\r\n");
                    } else if (random.nextInt(3) > 0) {
                        text.append(one(HOSTILE)).append(random.nextInt(8) == 0 ? "\n" : "\r\n");
                    }
                }
                text.append("\r\n").append(one(List.of("", "abcde", one(CHUNKS), one(BAD_CHUNKS), hidden,
                    "0\r\n\r\n" + hidden, "5\r\n" + hidden, "\r\n\r\n")));
            }
        }
    }

    /** Changes, inserts, deletes or repeats some bytes. */
    private void damage(StringBuilder text) {
        for (int i = 1 + random.nextInt(3); i > 0 && !text.isEmpty(); i--) {
            int at = random.nextInt(text.length());
            char c = one(List.of('\r', '\n', ' ', '\t', '\0', ':', '0', 'a', '/', (char) random.nextInt(256)));
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, c);
                case 1 -> text.insert(at, c);
                case 2 -> text.deleteCharAt(at);
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(40))));
            }
        }
    }
}
