package io.panamio.examples.proxy;

import io.panamio.net.Connector;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Resolves the name of the server, in another thread. It is resolved again once the answer is old; until then, and for
 * as long as that fails, the last answer is used, so that no connection waits for it but the first.
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
