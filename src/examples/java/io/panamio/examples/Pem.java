package io.panamio.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** The certificates and keys of PEM files, as OpenSSL and certificate authorities issue them. */
public final class Pem {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z ]*KEY)-----([^-]*)-----END \\1-----");
    private static final String[] ALGORITHMS = {"EC", "RSA", "EdDSA"};

    private Pem() {
    }

    /**
     * Returns the context of a server.
     *
     * @param certificates a file with the certificate of the server, and those that certify it
     * @param key a file with its private key, in the format PKCS 8
     * @return the context, which trusts what the JDK trusts
     * @throws IOException if a file cannot be read, or has no certificate or key
     */
    public static SSLContext context(Path certificates, Path key) throws IOException {
        char[] password = new char[0];
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            keys.setKeyEntry("server", privateKey(key), password, chain(certificates));
            KeyManagerFactory managers = KeyManagerFactory.getInstance("SunX509"); // PKIX decrypts for each handshake
            managers.init(keys, password);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(certificates + " and " + key + ": " + e.getMessage(), e);
        }
    }

    private static Certificate[] chain(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends Certificate> all = CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (all.isEmpty()) {
                throw new IOException(file + " has no certificate");
            }
            return all.toArray(Certificate[]::new);
        } catch (CertificateException e) {
            throw new IOException(file + " has no valid certificate: " + e.getMessage(), e);
        }
    }

    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        Matcher block = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        if (!block.find()) {
            throw new IOException(file + " has no private key");
        }
        if (!block.group(1).equals("PRIVATE KEY")) {
            throw new IOException(file + " has an " + block.group(1) + ", not a PRIVATE KEY (PKCS 8, not encrypted); "
                + "\"openssl pkcs8 -topk8 -nocrypt\" converts it");
        }
        PKCS8EncodedKeySpec key = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(block.group(2)));
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(key);
            } catch (InvalidKeySpecException e) {
                // of another algorithm
            }
        }
        throw new IOException(file + " has a private key for another algorithm than EC, RSA or EdDSA");
    }
}
