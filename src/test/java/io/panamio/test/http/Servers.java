package io.panamio.test.http;

import io.panamio.examples.proxy.Encryption;
import io.panamio.examples.proxy.Mode;
import io.panamio.examples.proxy.ProxyLoop;
import io.panamio.examples.serve.HttpLoop;
import io.panamio.examples.serve.Settings;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** {@code serve} with some files, {@code proxy} in front of it, each in a thread of its own. */
final class Servers implements AutoCloseable {
    private static final Duration LONG = Duration.ofMinutes(10);

    final Map<String, byte[]> files = new LinkedHashMap<>();
    final HttpLoop serve;
    final ProxyLoop proxy;
    private final Thread serving;
    private final Thread proxying;

    Servers(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("sub"));
        add(folder, "a.txt", 6);
        add(folder, "sub/b.txt", 1000);
        add(folder, "large", 70_000); // by sendfile
        add(folder, "empty", 0);
        Settings settings = new Settings(folder);
        settings.requestTime = LONG;
        settings.idleTime = LONG;
        settings.sendTime = LONG;
        ListenOptions options = ListenOptions.DEFAULT.backlog(4096);
        serve = new HttpLoop(TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), options),
            settings);
        proxy = new ProxyLoop(new ProxyLoop.Settings(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            serve.address(), Mode.AUTO, 10_000, LONG, LONG, Duration.ofSeconds(10), Encryption.NONE), report -> { });
        serving = Thread.ofPlatform().daemon().name("serve").start(serve);
        proxying = Thread.ofPlatform().daemon().name("proxy").start(proxy::run);
    }

    private void add(Path folder, String name, int length) throws IOException {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        Files.write(folder.resolve(name), content);
        files.put(name, content);
    }

    InetSocketAddress address(boolean byProxy) throws IOException {
        return byProxy ? proxy.address() : serve.address();
    }

    @Override
    public void close() {
        proxy.stop();
        serve.stop();
        try {
            proxying.join();
            serving.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        HttpLoop.Statistics s = serve.statistics();
        if (s.connections() + s.rings() + s.openFiles() != 0) {
            throw new AssertionError("left: " + s);
        }
    }
}
