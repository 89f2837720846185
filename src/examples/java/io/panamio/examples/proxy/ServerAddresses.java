package io.panamio.examples.proxy;

import io.panamio.net.Connector;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Resolves the name of the server in another thread, and caches the answer. A connection that finds it too old starts
 * another lookup, but uses it all the same until a lookup succeeds: only the first connections wait.
 */
final class ServerAddresses implements Function<String, CompletableFuture<InetAddress[]>> {
    private static final long MAX_AGE = TimeUnit.SECONDS.toNanos(30);

    private CompletableFuture<InetAddress[]> answer;
    private CompletableFuture<InetAddress[]> asked;
    private long askedAt;

    @Override
    public CompletableFuture<InetAddress[]> apply(String name) {
        if (asked == null
                || asked.isDone() && (isFailed(asked) || System.nanoTime() - askedAt >= MAX_AGE)) {
            asked = Connector.resolve(name);
            askedAt = System.nanoTime();
        }
        if (answer == null || isFailed(answer) || asked.isDone() && !isFailed(asked)) {
            answer = asked;
        }
        return answer;
    }

    private static boolean isFailed(CompletableFuture<?> future) {
        return future.isCompletedExceptionally();
    }
}
