package io.panamio.test.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Two self-signed certificates, made by the JDK's keytool for each run of the tests, and contexts that use them. */
public final class Certificates {
    /** Valid for localhost, 127.0.0.1 and alpha.test. */
    public static final String ALPHA = "alpha";
    /** Valid for beta.test. */
    public static final String BETA = "beta";

    private static final String PASSWORD = "changeit";
    private static KeyStore all;

    private Certificates() {
    }

    private static synchronized KeyStore all() {
        try {
            if (all == null) {
                Path file = Files.createTempDirectory("panamio-tls").resolve("keys.p12");
                make(file, ALPHA, "dns:localhost,dns:alpha.test,ip:127.0.0.1");
                make(file, BETA, "dns:beta.test");
                KeyStore made = KeyStore.getInstance("PKCS12");
                try (InputStream in = Files.newInputStream(file)) {
                    made.load(in, PASSWORD.toCharArray());
                }
                Files.delete(file);
                Files.delete(file.getParent());
                all = made;
            }
            return all;
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static void make(Path file, String alias, String names) throws IOException {
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair", "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=" + alias,
            "-ext", "san=" + names, "-validity", "2", "-storetype", "PKCS12", "-keystore", file.toString(),
            "-storepass", PASSWORD).redirectErrorStream(true).start();
        String output = new String(keytool.getInputStream().readAllBytes());
        if (keytool.onExit().join().exitValue() != 0) {
            throw new IOException(output); // no assertion: a child has no JUnit
        }
    }

    /** {@return the certificates of some aliases, to be trusted} */
    private static KeyStore trusted(String... aliases) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        for (String alias : aliases) {
            trusted.setCertificateEntry(alias, all().getCertificate(alias));
        }
        return trusted;
    }

    /** {@return the keys and certificates of some aliases} */
    private static KeyStore keys(String... aliases) throws IOException, GeneralSecurityException {
        KeyStore some = KeyStore.getInstance("PKCS12");
        some.load(null, null);
        for (String alias : aliases) {
            some.setKeyEntry(alias, all().getKey(alias, PASSWORD.toCharArray()), PASSWORD.toCharArray(),
                all().getCertificateChain(alias));
        }
        return some;
    }

    /** {@return a context that has the keys of some aliases, and trusts all} */
    public static SSLContext context(String... aliases) {
        try {
            return context(keys(aliases), trusted(ALPHA, BETA), aliases.length);
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** {@return a context that trusts only one alias} */
    public static SSLContext trusting(String alias) {
        try {
            return context(keys(), trusted(alias), 0);
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** PKIX chooses among several certificates by name, but decrypts the key for each handshake, by PBKDF2. */
    private static SSLContext context(KeyStore keys, KeyStore trusted, int count) throws GeneralSecurityException {
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(count > 1 ? "PKIX" : "SunX509");
        keyManagers.init(keys, PASSWORD.toCharArray());
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }

    /** Writes the certificates to a file, and returns the options with which a JVM trusts them. */
    public static String trustOptions(Path directory) {
        Path file = directory.resolve("trust.p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            trusted(ALPHA, BETA).store(out, PASSWORD.toCharArray());
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
        return "-Djavax.net.ssl.trustStore=" + file + " -Djavax.net.ssl.trustStorePassword=" + PASSWORD;
    }

    /** Writes the certificate and the key of an alias to {@code cert.pem} and {@code key.pem}. */
    public static void writePem(String alias, Path directory) {
        try {
            Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
            Files.writeString(directory.resolve("cert.pem"), "-----BEGIN CERTIFICATE-----\n"
                + lines.encodeToString(all().getCertificate(alias).getEncoded()) + "\n-----END CERTIFICATE-----\n");
            Files.writeString(directory.resolve("key.pem"), "-----BEGIN PRIVATE KEY-----\n"
                + lines.encodeToString(all().getKey(alias, PASSWORD.toCharArray()).getEncoded())
                + "\n-----END PRIVATE KEY-----\n");
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
