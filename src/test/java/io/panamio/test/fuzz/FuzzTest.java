package io.panamio.test.fuzz;

import io.panamio.examples.proxy.HostPortFuzz;
import io.panamio.examples.serve.DateFuzz;
import io.panamio.examples.serve.PathFuzz;
import io.panamio.examples.serve.RequestFuzz;
import io.panamio.sys.unix.AddressFuzz;
import io.panamio.sys.unix.ControlFuzz;
import io.panamio.test.support.Child;
import io.panamio.test.tcp.TcpInfoFuzz;
import io.panamio.test.tls.TlsRecordsFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The fuzz targets, on their corpora in {@code src/test/fuzz} and on some random changes of these, the same in each run.
 * {@code src/test/fuzz/run} fuzzes them guided by coverage.
 */
@Tag("any-platform")
class FuzzTest {
    /** A method that throws if it finds a fault. */
    private interface Target {
        void run(byte[] input) throws Exception;
    }

    /** The targets; their names are those of the directories. */
    private enum Targets {
        REQUEST(RequestFuzz::fuzzerTestOneInput, 500),
        DATE(DateFuzz::fuzzerTestOneInput, 500),
        PATH(PathFuzz::fuzzerTestOneInput, 500),
        CONTROL(ControlFuzz::fuzzerTestOneInput, 500),
        ADDRESS(AddressFuzz::fuzzerTestOneInput, 500),
        HOST_PORT(HostPortFuzz::fuzzerTestOneInput, 500),
        TCP_INFO(TcpInfoFuzz::fuzzerTestOneInput, 500),
        TLS_RECORDS(TlsRecordsFuzz::fuzzerTestOneInput, 20);

        private final Target target;
        private final int changes;

        Targets(Target target, int changes) {
            this.target = target;
            this.changes = changes;
        }

        /** Returns the name of the directory, such as {@code tcp-info}. */
        Path corpus() {
            return Child.BASE.resolve("src/test/fuzz/" + name().toLowerCase().replace('_', '-'));
        }
    }

    @ParameterizedTest
    @EnumSource
    void corpusAndChangesOfIt(Targets targets) throws IOException {
        List<byte[]> corpus = new ArrayList<>();
        try (Stream<Path> files = Files.list(targets.corpus())) {
            for (Path file : files.sorted().toList()) {
                corpus.add(Files.readAllBytes(file));
            }
        }
        corpus.forEach(input -> run(targets.target, input));
        Random random = new Random(1);
        for (int i = 0; i < targets.changes; i++) {
            run(targets.target, changed(corpus.get(random.nextInt(corpus.size())), random));
        }
    }

    private static void run(Target target, byte[] input) {
        try {
            target.run(input);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("the input " + HexFormat.of().formatHex(input), e);
        }
    }

    private static byte[] changed(byte[] input, Random random) {
        byte[] changed = input;
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(changed.length + 1);
            byte[] tail = Arrays.copyOfRange(changed, at, changed.length);
            int kind = random.nextInt(4);
            if (kind == 0 || tail.length == 0) { // a further byte
                changed = Arrays.copyOf(changed, changed.length + 1);
                System.arraycopy(tail, 0, changed, at + 1, tail.length);
                changed[at] = (byte) random.nextInt();
            } else if (kind == 1) { // without a byte
                changed = Arrays.copyOf(changed, changed.length - 1);
                System.arraycopy(tail, 1, changed, at, tail.length - 1);
            } else { // another byte
                changed = changed.clone();
                changed[at] = (byte) (kind == 2 ? random.nextInt() : changed[at] ^ 1 << random.nextInt(8));
            }
        }
        return changed;
    }
}
