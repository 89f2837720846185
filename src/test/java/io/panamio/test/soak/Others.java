package io.panamio.test.soak;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.Waker;
import io.panamio.net.UdpSocket;
import io.panamio.test.soak.Calls.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.LinkedBlockingQueue;

/** A thread that does to the sources of the loops what another thread may do. */
final class Others implements Runnable {
    private static final Task END = () -> {
    };

    /** What it does. */
    interface Task {
        void run() throws IOException;
    }

    private final Run run;
    private final LinkedBlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
    private final Events events = Events.withCapacity(16);

    Others(Run run) {
        this.run = run;
    }

    void submit(Task task) {
        tasks.add(task);
    }

    void end() {
        tasks.add(END);
    }

    @Override
    public void run() {
        try {
            for (Task task; (task = tasks.take()) != END;) {
                try {
                    task.run();
                } catch (ClosedChannelException e) {
                    continue; // by its loop, meanwhile
                }
            }
        } catch (Throwable t) {
            run.failed(t);
        }
    }

    /** Opens a Poll, has it report a waker and a datagram, and closes it while the socket is registered. */
    void openPoll() throws IOException {
        try (UdpSocket socket = UdpSocket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Poll poll = Poll.open()) {
            poll.registry().register(socket, 1, Interest.READABLE);
            try (Waker waker = Waker.open(poll.registry(), 2)) {
                waker.wake();
                socket.connect(socket.localAddress());
                socket.send(new byte[] {1}, 0, 1);
                long seen = 0;
                while (seen != 3) {
                    int n = poll.poll(events);
                    run.calls.add(Kind.POLL);
                    for (int i = 0; i < n; i++) {
                        seen |= events.token(i) == 2 ? 2 : events.isReadable(i) ? 1 : 0;
                    }
                }
            }
            run.calls.add(Kind.REGISTER, 2);
            run.calls.add(Kind.DATAGRAM, 2);
            run.calls.add(Kind.WAKE);
            run.calls.add(Kind.CLOSE, 3);
        }
    }
}
