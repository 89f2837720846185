package io.panamio.bench.pipelines;

import io.panamio.bench.rig.Contender;
import io.panamio.bench.rig.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * All contenders, each with one event loop in one thread or process, and configured as its documentation recommends.
 * None writes a log for each request, and none limits the requests of a connection.
 */
final class Programs {
    private static final Pattern MODULES = Pattern.compile("--modules-path=(\\S+)");
    private static final String HOST = "127.0.0.1:";

    private final Path directory;
    private final Path files;

    /**
     * Creates the contenders.
     *
     * @param directory the directory for configurations and output
     * @param files the directory that the file servers serve
     */
    Programs(Path directory, Path files) {
        this.directory = directory;
        this.files = files;
    }

    /** The file servers. */
    List<Program> servers() {
        return List.of(
            Program.ofJava("serve", false, port -> Contender.java(Example.class, "serve", files.toString(), "--port",
                Integer.toString(port), "--no-log")),
            Program.ofSystem("nginx", false, port -> nginx("nginx", port, true, "")),
            Program.ofSystem("nginx-cache", false, port -> nginx("nginx-cache", port, true, CACHE)),
            Program.ofSystem("nginx-push", false, port -> nginx("nginx-push", port, false, CACHE)),
            Program.ofJava("nio-serve", false, port -> Contender.java(NioServe.class, files.toString(),
                Integer.toString(port))));
    }

    /** The back end of the proxies: nginx in its fastest configuration. */
    Program backEnd() {
        return Program.ofSystem("back-end", false, port -> nginx("back-end", port, true, CACHE));
    }

    /** The proxies. */
    List<Program> proxies(int to) {
        return List.of(
            example("proxy", "auto", to),
            example("proxy-splice", "splice", to),
            example("proxy-copy", "copy", to),
            Program.ofSystem("haproxy", true, port -> haproxy("haproxy", port, to, "")),
            Program.ofSystem("haproxy-splice", true, port -> haproxy("haproxy-splice", port, to,
                "option splice-request", "option splice-response")),
            Program.ofSystem("haproxy-auto", true, port -> haproxy("haproxy-auto", port, to, "option splice-auto")),
            Program.ofSystem("nginx-stream", true, port -> nginxStream("nginx-stream", port, to)),
            Program.ofJava("nio-proxy", true, port -> Contender.java(NioProxy.class, Integer.toString(port),
                Integer.toString(to))));
    }

    private static Program example(String name, String mode, int to) {
        return Program.ofJava(name, true, port -> Contender.java(Example.class, "proxy", "--listen", HOST + port,
            "--to", HOST + to, "--mode", mode));
    }

    // ---- nginx

    private static final String CACHE = "open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;";

    /** nginx.org/en/docs/http/ngx_http_core_module.html: sendfile, with tcp_nopush or not, and tcp_nodelay. */
    private List<String> nginx(String name, int port, boolean noPush, String more)
            throws IOException, InterruptedException {
        return nginx(name, "", """
            http {
                access_log off;
                sendfile on;
                tcp_nopush %s;
                tcp_nodelay on;
                keepalive_requests 1000000000;
                default_type application/octet-stream;
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                %s
                server {
                    listen 127.0.0.1:%d;
                    root %s;
                }
            }
            """.formatted(noPush ? "on" : "off", more, port, files));
    }

    /** nginx as a proxy, with default buffers. */
    private List<String> nginxStream(String name, int port, int to) throws IOException, InterruptedException {
        Matcher modules = MODULES.matcher(output("nginx", "-V"));
        Path module = Path.of(modules.find() ? modules.group(1) : "", "ngx_stream_module.so");
        return nginx(name, Files.exists(module) ? "load_module " + module + ";" : "", """
            stream {
                access_log off;
                server {
                    listen 127.0.0.1:%d;
                    proxy_pass 127.0.0.1:%d;
                }
            }
            """.formatted(port, to));
    }

    private List<String> nginx(String name, String first, String block) throws IOException, InterruptedException {
        output("nginx", "-v");
        Path its = Files.createDirectories(directory.resolve(name));
        Path file = Files.writeString(its.resolve("nginx.conf"), first + """

            daemon off;
            worker_processes 1;
            pid nginx.pid;
            error_log stderr;
            events { worker_connections 4096; }
            """ + block);
        return List.of("nginx", "-p", its.toString(), "-c", file.toString(), "-e", "stderr");
    }

    // ---- HAProxy

    private List<String> haproxy(String name, int port, int to, String... more)
            throws IOException, InterruptedException {
        output("haproxy", "-v");
        Path file = Files.writeString(directory.resolve(name + ".cfg"), """
            global
                nbthread 1
                maxconn 4096
            defaults
                mode tcp
                timeout connect 10s
                timeout client 60s
                timeout server 60s
                %s
            listen proxy
                bind 127.0.0.1:%d
                server back-end 127.0.0.1:%d
            """.formatted(String.join("\n    ", more), port, to));
        return List.of("haproxy", "-db", "-f", file.toString());
    }

    // ---- versions

    /** Returns the first line of a program's version; null if it is not installed. */
    static String version(String... command) throws InterruptedException {
        try {
            return output(command).lines().findFirst().orElse("");
        } catch (IOException e) {
            return null;
        }
    }

    /** Returns the output of a program. */
    private static String output(String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new IOException(command[0] + " is not installed", e);
        }
        try (Stream<String> lines = process.inputReader().lines()) {
            List<String> all = lines.toList();
            process.waitFor();
            return String.join("\n", all);
        }
    }
}
