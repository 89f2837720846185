/**
 * mio for the JVM: readiness-based, non-blocking I/O on the Foreign Function and Memory API.
 */
module io.panamio {
    requires static jdk.jfr;

    exports io.panamio;
    exports io.panamio.memory;
    exports io.panamio.net;
    exports io.panamio.pipeline;
    exports io.panamio.tls;
}
