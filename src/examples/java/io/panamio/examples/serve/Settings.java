package io.panamio.examples.serve;

import io.panamio.examples.log.LogFile;
import java.nio.file.Path;
import java.time.Duration;

/** What a server is told. To be changed before it is made, and not shared while it is. */
public final class Settings {
    /** The folder whose files are served. Nothing outside of it is, whatever links there are. */
    public Path root;
    /** How many bytes the head of a request may have, rounded up to whole pages; more is answered by 431 or 414. */
    public int headLimit = 16 * 1024;
    /**
     * How many bytes the body of a request may have, what is around chunks included, which is read and forgotten. More
     * is answered by 413, or ends the connection if it shows after the answer.
     */
    public long bodyLimit = 1 << 20;
    /** How long the head of a request, or its body, may take; then 408. */
    public Duration requestTime = Duration.ofSeconds(20);
    /** How long a connection may wait for its next request; then it is closed without a word. */
    public Duration idleTime = Duration.ofSeconds(60);
    /** How long a client may take none of an answer; then it is cut off. */
    public Duration sendTime = Duration.ofSeconds(60);
    /** How long what is being answered may go on after {@link HttpLoop#stop}. */
    public Duration graceTime = Duration.ofSeconds(10);
    /** How many connections a loop has at a time; others wait in the listener's queue. */
    public int connections = 10_000;
    /**
     * Up to how many bytes a file's content is kept in memory, beside the head of its answer, to go with it by one
     * write. Measured: a copy costs less than a sendfile up to what goes to the network card in one piece, 64 KiB.
     */
    public int smallFile = 64 * 1024;
    /**
     * Whether the head of a larger file waits for the file, to go in a packet with its beginning: a packet less, as
     * with nginx's {@code tcp_nopush}. It is off as there, and as it is what costs less under BBR: that paces what is
     * one large piece by a timer, whose programming costs more than the packet. Under CUBIC it is the other way round.
     */
    public boolean noPush;
    /** How much memory a loop may use for what it keeps of files, and a quarter of it for other answers. */
    public long cacheBytes = 64 << 20;
    /**
     * How many larger files a loop keeps open at most, beside those that are being sent; fewer if all loops together
     * had more than a quarter of the process's descriptors.
     */
    public int openFiles = 1024;
    /** How many loops this process has. */
    public int loops = 1;
    /** For how long a file is served without a look at it, and one that is missing is not looked for again. */
    public Duration validTime = Duration.ofSeconds(1);
    /** Where a line for each request goes; null for nowhere. */
    public LogFile log;
    /** Where is told what goes wrong, once a second at most. */
    public LogFile errors = LogFile.standardError();
    /** Whether the lines tell the referrer and the browser: the combined format, not the common one. */
    public boolean combinedLog = true;

    /**
     * The defaults.
     *
     * @param root the folder whose files are served
     */
    public Settings(Path root) {
        this.root = root;
    }
}
