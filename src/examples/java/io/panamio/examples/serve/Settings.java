package io.panamio.examples.serve;

import io.panamio.examples.log.LogFile;
import io.panamio.examples.serve.files.FileAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import javax.net.ssl.SSLContext;

/** The settings of a server. Set them before creating it. */
public final class Settings {
    /** The directory whose files are served. Files outside of it are never served, not even through links. */
    public Path root;
    /**
     * Maximum size of the head of a request in bytes, rounded up to whole pages; larger ones are answered with 431 or
     * 414.
     */
    public int headLimit = 16 * 1024;
    /**
     * Maximum size of the body of a request in bytes, including the framing of chunks. Bodies are discarded. A larger
     * one is answered with 413, or closes the connection if that is found after the response.
     */
    public long bodyLimit = 1 << 20;
    /** Maximum time to receive the head of a request, or its body; then 408. */
    public Duration requestTime = Duration.ofSeconds(20);
    /** Maximum time between requests; then the connection is closed without a response. */
    public Duration idleTime = Duration.ofSeconds(60);
    /** Maximum time without progress in sending a response; then the connection is reset. */
    public Duration sendTime = Duration.ofSeconds(60);
    /** Maximum time for pending responses after {@link HttpLoop#stop}; then their connections are closed. */
    public Duration graceTime = Duration.ofSeconds(10);
    /** Maximum number of connections of a loop; others wait in the listener's queue. */
    public int connections = 10_000;
    /**
     * Maximum size of files that are kept in memory, after the head of the response, so that one write sends both.
     * Measured: a copy costs less than a sendfile up to 64 KiB, the largest piece passed to the network card.
     */
    public int smallFile = 64 * 1024;
    /**
     * Whether the head of a larger file is held back and sent in one packet with the beginning of the file, like
     * nginx's {@code tcp_nopush}: one packet less. Off by default, as in nginx: under BBR, which paces a large piece by
     * a timer, it costs more than the packet; under CUBIC it costs less.
     */
    public boolean noPush;
    /** Maximum memory of a loop for cached files in bytes, and a quarter of it for other responses. */
    public long cacheBytes = 64 << 20;
    /**
     * Maximum number of larger files that a loop keeps open, besides those being sent; fewer if all loops together
     * would use more than a quarter of the process's descriptors.
     */
    public int openFiles = 1024;
    /** Creates the file access of a loop, given the real path of the root. */
    public Function<Path, FileAccess> files = FileAccess::of;
    /** The number of loops of this process. */
    public int loops = 1;
    /** The time for which a response is cached without a check. */
    public Duration validTime = Duration.ofSeconds(1);
    /** The certificates and keys with which connections are encrypted; null if they are not. */
    public SSLContext tls;
    /** The access log, one line per request; null for none. */
    public LogFile log;
    /** The log of failures, at most one line per second. */
    public LogFile errors = LogFile.standardError();
    /** Whether the access log has the Combined Log Format, with referrer and user agent, not the Common one. */
    public boolean combinedLog = true;

    /**
     * Creates the default settings.
     *
     * @param root the directory whose files are served
     */
    public Settings(Path root) {
        this.root = root;
    }
}
