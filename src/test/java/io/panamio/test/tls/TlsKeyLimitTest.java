package io.panamio.test.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.test.support.Child;
import io.panamio.test.support.Local;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.security.Security;
import org.apiguardian.api.API;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.JUnitException;
import org.opentest4j.AssertionFailedError;

/** Keys are updated when an engine has used them for as many bytes as the JDK's configuration permits. */
class TlsKeyLimitTest {
    /** Sets the limit, which the JDK reads once, and transfers more than that both ways. */
    public static final class Program {
        private Program() {
        }

        public static void main(String[] args) throws IOException {
            Security.setProperty("jdk.tls.keyLimits", "AES/GCM/NoPadding KeyUpdate 2^17");
            try (TlsLoop tls = new TlsLoop()) {
                SpyEngine[] spies = {new SpyEngine(TlsLoop.clientEngine("TLSv1.3")),
                    new SpyEngine(TlsLoop.serverEngine("TLSv1.3"))};
                TlsStream[] pair = tls.pair(spies[0], spies[1]);
                byte[] bytes = Local.random(1_000_000);
                tls.drive(new TlsLoop.Exchange(pair[0], bytes, bytes, false, Arena.ofAuto().allocate(65536)),
                    new TlsLoop.Exchange(pair[1], bytes, bytes, false, Arena.ofAuto().allocate(65536)));
                for (SpyEngine spy : spies) {
                    assertTrue(spy.empty > 10, spy.empty + " records without data"); // more than a handshake has
                }
            }
            System.out.print("done");
        }
    }

    @Test
    void keysAreUpdated() throws Exception {
        Child child = new Child().classPathOf(Assertions.class, AssertionFailedError.class, JUnitException.class,
            API.class);
        assertEquals("done", child.run(Program.class).ok());
    }
}
