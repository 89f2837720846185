package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.opentest4j.TestAbortedException;

/** Runs tasks in threads of their own. */
public final class Background {
    private Background() {
    }

    /** Starts a task in a daemon thread. */
    public static <T> Future<T> start(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofPlatform().daemon().start(future);
        return future;
    }

    /** Starts a task in a virtual thread. */
    public static <T> Future<T> startVirtual(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofVirtual().start(future);
        return future;
    }

    /** Accepts connections, and sends back what each receives. Passes them on, to be closed after the test. */
    public static void echo(ServerSocket server, Consumer<Socket> later) {
        startVirtual(() -> {
            for (;;) {
                Socket socket = server.accept();
                later.accept(socket);
                startVirtual(() -> {
                    try (socket) {
                        return socket.getInputStream().transferTo(socket.getOutputStream());
                    }
                });
            }
        });
    }

    /** Returns the task's result; an assumption that fails in the task skips the test. */
    public static <T> T result(Future<T> task) throws Exception {
        try {
            return task.get(Loop.LONG.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TestAbortedException aborted) {
                throw aborted;
            }
            throw e;
        }
    }

    /** Returns the exception that the task throws. */
    public static Throwable failure(Future<?> task) {
        return assertThrows(ExecutionException.class, () -> result(task)).getCause();
    }
}
