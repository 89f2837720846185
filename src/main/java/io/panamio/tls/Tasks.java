package io.panamio.tls;

import io.panamio.sys.Delivery;
import io.panamio.sys.Readiness;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLEngine;

/** Runs the delegated tasks of an engine, which nothing else may use meanwhile. */
final class Tasks implements Runnable {
    private final SSLEngine engine;
    /** Where they run; null if in the calling thread. */
    private final Executor executor;
    private final Delivery delivery;
    private volatile boolean running;

    Tasks(SSLEngine engine, Executor executor, Delivery delivery) {
        this.engine = engine;
        this.executor = executor;
        this.delivery = delivery;
    }

    /** {@return whether tasks run in another thread; an event follows when they are done} */
    boolean isRunning() {
        return running;
    }

    /** Runs the tasks that are due, and returns whether they are done. */
    boolean runDue() throws IOException {
        if (executor == null) {
            runAll();
            return true;
        }
        running = true;
        try {
            executor.execute(this);
        } catch (RejectedExecutionException e) {
            running = false;
            throw new IOException("the executor has rejected a delegated task", e);
        } catch (RuntimeException | Error e) {
            running = false;
            throw e;
        }
        return !running;
    }

    /** Runs the tasks in a thread of the executor. */
    @Override
    public void run() {
        try {
            runAll();
        } finally {
            running = false;
            delivery.deliver(Readiness.READABLE | Readiness.WRITABLE);
        }
    }

    private void runAll() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }
}
