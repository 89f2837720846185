package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.Feature;
import io.panamio.bindings.windows.Windows;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.Watch;
import io.panamio.sys.windows.PollRequest.State;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Watches sockets by poll requests to AFD, whose completions arrive at a port, and derives edges from them: a
 * condition that was reported is not requested again until an operation found it drained ({@link #rearm}) or the source
 * is registered again. A notification is a packet that is posted to the port.
 *
 * <p>To request further conditions, a request is cancelled, and posted again when its packet has arrived. A change
 * takes effect at once while a poller waits, otherwise before the next wait.
 *
 * <p>The lock is held while state changes and while packets are handled, never during the wait.
 */
final class CompletionSelector extends Selector {
    // the keys of packets that complete no request
    private static final long NOTIFICATION = 0;
    private static final long NUDGE = 1;
    /** The key of the first group's packets. */
    private static final long FIRST_GROUP = 2;

    /** The maximum time that {@link #destroy} waits for the next packet of a cancelled request, in nanoseconds. */
    private static final long MAX_DRAIN = 1_000_000_000;

    private static final Set<CompletionSelector> OPEN = ConcurrentHashMap.newKeySet();

    private final int port;
    private final MemorySegment taken = Arena.ofAuto().allocate(4, 4);

    private final Object lock = new Object();
    /** The requests by socket. The numbers of handles are multiples of four. */
    private PollRequest[] bySocket = new PollRequest[64];
    private AfdGroup[] groups = new AfdGroup[4];
    /** The pipes whose packets arrive here; the key of the first one's is -1, of the second one's -2. */
    private OverlappedPipe[] pipes = new OverlappedPipe[4];
    /** The requests whose packet has not arrived. */
    private int pending;
    /** The requests to update before the next wait. */
    private final RequestQueue updates = new RequestQueue();
    private boolean waiting;
    /** The requests for which a condition holds that AFD does not report. Used by the poller only. */
    private final RequestQueue due = new RequestQueue();
    /** The number of the wait that reports now, or did so last. */
    private int round;

    CompletionSelector() throws IOException {
        port = Kernel32.createPort();
        if (port < 0) {
            throw Errors.io("CreateIoCompletionPort", -port);
        }
        OPEN.add(this);
    }

    // ---- watching

    @Override
    protected void add(int fd, long token, int interest) throws IOException {
        requireSupported(interest);
        int base = baseSocket(fd);
        synchronized (lock) {
            PollRequest before = get(fd);
            if (before != null && !isClosed(before)) {
                throw Errors.io("NtDeviceIoControlFile", "of a registered socket", Windows.ERROR_ALREADY_EXISTS);
            }
            PollRequest request =
                new PollRequest(base, new Watch(fd, token, interest, PollRequest.conditions(interest)));
            request.shut = SocketState.shut(fd);
            reserve(fd);
            group().add(request);
            bySocket[fd >>> 2] = request;
            int status = update(request);
            if (status < 0) {
                forget(request);
                throw refusal(status);
            }
            if (request.own() != 0) {
                reportSoon(request);
            }
        }
    }

    @Override
    protected void modify(int fd, long token, int interest) throws IOException {
        requireSupported(interest);
        synchronized (lock) {
            PollRequest request = require(fd);
            Watch before = request.watch;
            request.watch = new Watch(fd, token, interest, PollRequest.conditions(interest));
            if (request.state == State.REFUSED) {
                request.state = State.IDLE;
            }
            int status = update(request);
            if (status < 0) {
                request.watch = before;
                throw refusal(status);
            }
            if (request.own() != 0) {
                reportSoon(request);
            }
        }
    }

    @Override
    protected void remove(int fd) throws IOException {
        synchronized (lock) {
            forget(require(fd));
        }
    }

    @Override
    public boolean deregistersOnClose() {
        return false;
    }

    @Override
    public void rearm(int fd, int interest) {
        synchronized (lock) {
            PollRequest request = get(fd);
            if (request != null && request.arm(request.passesUrgent(interest) && !isUrgent(fd)
                    ? interest | Readiness.PRIORITY : interest)) {
                rearmed();
                changed(request);
            }
        }
    }

    /** Returns whether an urgent byte is pending. */
    private static boolean isUrgent(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return Winsock.recv(fd, scratch.argument, 0, 1, Windows.MSG_OOB | Windows.MSG_PEEK) == 1;
        }
    }

    /** Reports the end of directions that were shut down, which AFD does not report. */
    static void shutDown(int fd) {
        for (CompletionSelector selector : OPEN) {
            synchronized (selector.lock) {
                PollRequest request = selector.get(fd);
                if (request != null) {
                    request.shut = SocketState.shut(fd);
                    selector.changed(request);
                }
            }
        }
    }

    /** Associates a pipe with this port until its handle is closed. */
    void attach(OverlappedPipe pipe) throws IOException {
        synchronized (lock) {
            int i = 0;
            while (i < pipes.length && pipes[i] != null) {
                i++;
            }
            if (i == pipes.length) {
                pipes = Arrays.copyOf(pipes, i * 2);
            }
            int r = Kernel32.associate(pipe.handle, port, ~i);
            if (r < 0) {
                throw Errors.io("CreateIoCompletionPort", -r);
            }
            r = Kernel32.setCompletionModes(pipe.handle,
                Windows.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | Windows.FILE_SKIP_SET_EVENT_ON_HANDLE);
            if (r < 0) {
                throw Errors.io("SetFileCompletionNotificationModes", -r);
            }
            pipes[i] = pipe;
            pipe.slot = i;
        }
    }

    /** Removes a pipe, which has no pending requests. */
    void detach(OverlappedPipe pipe) {
        synchronized (lock) {
            pipes[pipe.slot] = null;
        }
    }

    private static void requireSupported(int interest) {
        if ((interest & Readiness.EXCLUSIVE) != 0) {
            throw new UnsupportedOperationException("Feature.EXCLUSIVE is not supported on Windows: a condition of a"
                + " socket completes the requests of all polls");
        }
    }

    private static int baseSocket(int fd) throws IOException {
        int base = BaseSocket.SYSTEM.of(fd);
        if (base >= 0) {
            return base;
        }
        if (!WindowsSockets.isSocket(fd) && Kernel32.isFile(fd)) {
            throw Platform.current().refusal(Feature.DESCRIPTORS);
        }
        throw Errors.io("WSAIoctl", "SIO_BASE_HANDLE", -base);
    }

    private static IOException refusal(int status) {
        return Errors.io("NtDeviceIoControlFile", "IOCTL_AFD_POLL of what is no socket of AFD", Ntdll.error(status));
    }

    // ---- the tables; the caller holds the lock

    private PollRequest get(int fd) {
        int i = fd >>> 2;
        PollRequest request = i < bySocket.length ? bySocket[i] : null;
        return request != null && request.watch.fd == fd ? request : null;
    }

    /** Makes room for a request before it is in a group, as that needs memory. */
    private void reserve(int fd) {
        int i = fd >>> 2;
        if (i >= bySocket.length) {
            bySocket = Arrays.copyOf(bySocket, Math.max(i + 1, bySocket.length * 2));
        }
    }

    private PollRequest require(int fd) throws IOException {
        PollRequest request = get(fd);
        if (request == null) {
            throw Errors.io("NtDeviceIoControlFile", "of a socket that is not registered", Windows.ERROR_NOT_FOUND);
        }
        return request;
    }

    /** Returns whether the owner of a socket has closed it, so that its number may be another's; then forgets it. */
    private boolean isClosed(PollRequest request) {
        AfdGroup group = request.group;
        int i = request.index;
        boolean closed = request.state == State.PENDING && group.status(i) == Windows.STATUS_SUCCESS
            && (group.conditions(i) & Windows.AFD_POLL_LOCAL_CLOSE) != 0;
        if (closed) {
            forget(request);
        }
        return closed;
    }

    /** Returns a group that has room. */
    private AfdGroup group() throws IOException {
        int unused = groups.length;
        for (int i = groups.length - 1; i >= 0; i--) {
            if (groups[i] == null) {
                unused = i;
            } else if (!groups[i].isFull()) {
                return groups[i];
            }
        }
        if (unused == groups.length) {
            groups = Arrays.copyOf(groups, unused * 2); // first: a group outside the table would never be closed
        }
        AfdGroup group = AfdGroup.open(port, FIRST_GROUP + unused);
        groups[unused] = group;
        return group;
    }

    /** Ends a watch. The request keeps its slot until its packet has arrived. */
    private void forget(PollRequest request) {
        bySocket[request.watch.fd >>> 2] = null;
        request.removed = true;
        if (request.state == State.PENDING) {
            cancel(request);
        } else if (request.state != State.CANCELLED) {
            vacate(request);
        }
    }

    private void vacate(PollRequest request) {
        AfdGroup group = request.group;
        group.remove(request);
        if (group.isEmpty()) {
            closeSpare(group);
        }
    }

    /** Closes a group without sockets if there is another one that has room. */
    private void closeSpare(AfdGroup empty) {
        int at = -1;
        boolean room = false;
        for (int i = 0; i < groups.length; i++) {
            if (groups[i] == empty) {
                at = i;
            } else if (groups[i] != null && !groups[i].isFull()) {
                room = true;
            }
        }
        if (room) {
            groups[at] = null;
            empty.close(true);
        }
    }

    // ---- requests; the caller holds the lock

    /** Updates a request: at once if a poller waits, otherwise before the next wait. */
    private void changed(PollRequest request) {
        if (!waiting) {
            updates.add(request.update);
        } else if (updateOrRefuse(request)) {
            reportSoon(request);
        }
    }

    /** Makes the poller report a condition that AFD does not report. */
    private void reportSoon(PollRequest request) {
        updates.add(request.update);
        if (waiting) {
            Kernel32.post(port, NUDGE);
        }
    }

    /**
     * Posts a request for the armed conditions, or cancels one that does not include all of them.
     *
     * @return a negative NTSTATUS if AFD refuses the request
     */
    private int update(PollRequest request) {
        int wanted = request.wanted();
        if (request.state == State.PENDING && (wanted & ~request.asked) != 0) {
            cancel(request);
        }
        if (request.state != State.IDLE || wanted == 0) {
            return 0;
        }
        int status = request.group.post(request.index, request.base, wanted);
        if (status >= 0) { // complete already, or pending: a packet comes in either case
            request.state = State.PENDING;
            request.asked = wanted;
            pending++;
        }
        return status;
    }

    /**
     * Updates a request, whose refusal is reported as an error of its socket; returns whether a condition holds that
     * AFD does not report.
     */
    private boolean updateOrRefuse(PollRequest request) {
        if (request.removed) {
            return false;
        }
        int status = update(request);
        if (status == Windows.STATUS_INVALID_HANDLE) {
            forget(request); // its owner closed it, which ends the watch
            return false;
        }
        if (status < 0) {
            request.state = State.REFUSED;
        }
        return request.own() != 0;
    }

    private void cancel(PollRequest request) {
        request.group.cancel(request.index);
        request.state = State.CANCELLED;
        request.asked = 0;
    }

    // ---- waiting

    @Override
    protected int await(EventBuffer buffer, int max, long nanos) throws IOException {
        CompletionEvents events = (CompletionEvents) buffer;
        int limit = Math.min(max, events.packetCapacity());
        for (;;) {
            long wait;
            synchronized (lock) {
                prepare();
                wait = due.isEmpty() ? nanos : 0; // otherwise only for what AFD has found as well
                waiting = wait != 0;
            }
            int packets = -1;
            try {
                packets = dequeue(events, limit, wait);
            } finally {
                if (packets < 0) {
                    synchronized (lock) {
                        waiting = false;
                    }
                }
            }
            synchronized (lock) {
                waiting = false;
                round++;
                int n = reportDue(events, handle(events, packets), limit);
                if (n > 0 || packets == 0 || nanos != 0) {
                    return n;
                }
            } // a packet without an event: there may be others, and its request may find one
        }
    }

    /** Updates the requests in the queue. */
    private void prepare() {
        for (PollRequest request; (request = updates.remove()) != null;) {
            if (updateOrRefuse(request) && request.state != State.CANCELLED) { // else when its packet has arrived
                due.add(request.due);
            }
        }
    }

    /**
     * Reports the conditions that AFD does not report, for requests without a packet; returns the number of events.
     */
    private int reportDue(CompletionEvents events, int from, int limit) {
        int n = from;
        for (PollRequest request; (request = due.remove()) != null;) {
            int own = request.removed ? 0 : request.own();
            if (own != 0 && request.round != round) {
                if (n < limit) {
                    report(events, n++, request, own);
                } else {
                    updates.add(request.update);
                }
            }
        }
        return n;
    }

    private void report(CompletionEvents events, int i, PollRequest request, int conditions) {
        events.set(i, request.watch.token, request.report(conditions));
        request.round = round;
        if (request.watch.armed() != 0) {
            updates.add(request.update);
        }
    }

    private int dequeue(CompletionEvents events, int max, long nanos) throws IOException {
        int r = Kernel32.dequeue(port, events.packets, max, taken, nanos < 0 ? Windows.INFINITE : ceilMillis(nanos));
        if (r < 0) {
            if (r == -Windows.WAIT_TIMEOUT) {
                return 0;
            }
            throw Errors.io("GetQueuedCompletionStatusEx", -r);
        }
        return taken.get(JAVA_INT, 0);
    }

    /** Handles packets; returns the number of events. */
    private int handle(CompletionEvents events, int packets) {
        int n = 0;
        for (int i = 0; i < packets; i++) {
            long key = events.key(i);
            if (key == NOTIFICATION) {
                notificationArrived();
            } else if (key < 0) {
                OverlappedPipe pipe = pipes[(int) ~key];
                if (pipe != null) {
                    waited();
                    pipe.completed(events.request(i));
                }
            } else if (key != NUDGE) {
                PollRequest request = groups[(int) (key - FIRST_GROUP)].at(events.request(i));
                boolean cancelled = request.state == State.CANCELLED;
                int found = complete(request);
                if (!request.removed && (found != 0 || !cancelled)) {
                    found |= request.own(); // in one event
                }
                if (found != 0) {
                    report(events, n++, request, found);
                } else if (!request.removed) {
                    updates.add(request.update); // cancelled, to ask for more
                }
            }
        }
        return n;
    }

    /** Completes a request; returns the conditions to report. */
    private int complete(PollRequest request) {
        pending--;
        boolean wasRemoved = request.removed;
        int status = request.group.status(request.index);
        int found = request.complete(status, request.group.conditions(request.index));
        if (request.removed) {
            if (!wasRemoved) {
                bySocket[request.watch.fd >>> 2] = null;
            }
            vacate(request);
        } else if ((found & Windows.AFD_POLL_ABORT) != 0) {
            SocketState.reset(request.watch.fd);
        } else if ((found & Windows.AFD_POLL_CONNECT_FAIL) != 0 && status >= 0) {
            request.datagram = isDatagram(request.watch.fd);
            if (!request.datagram) {
                SocketState.connectFailed(request.watch.fd);
            }
        }
        return found;
    }

    private static boolean isDatagram(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Winsock.getsockopt(fd, Windows.SOL_SOCKET, Windows.SO_TYPE, scratch.argument, scratch.length(4));
            return r >= 0 && scratch.argumentBytes.getInt(0) == Windows.SOCK_DGRAM;
        }
    }

    // ---- waking

    @Override
    protected void sendNotification() {
        if (Kernel32.post(port, NOTIFICATION) < 0) {
            notificationFailed();
        }
    }

    // ---- closing

    @Override
    protected void destroy() {
        OPEN.remove(this);
        synchronized (lock) {
            for (PollRequest request : bySocket) {
                if (request != null) {
                    forget(request);
                }
            }
            for (OverlappedPipe pipe : pipes) {
                if (pipe != null) {
                    pipe.abandon();
                }
            }
            drain();
            for (int i = 0; i < groups.length; i++) {
                AfdGroup group = groups[i];
                if (group != null) {
                    groups[i] = null;
                    group.close(pending == 0);
                }
            }
        }
        Kernel32.closeHandle(port);
    }

    /** Takes the packets of the requests that were cancelled, as the system writes to their memory until then. */
    private void drain() {
        CompletionEvents events = new CompletionEvents(256);
        long last = System.nanoTime();
        while ((pending > 0 || hasPendingPipes()) && System.nanoTime() - last < MAX_DRAIN) {
            int packets;
            try {
                packets = dequeue(events, events.packetCapacity(), 1_000_000);
            } catch (IOException e) {
                return;
            }
            if (packets > 0) {
                last = System.nanoTime();
            }
            for (int i = 0; i < packets; i++) {
                OverlappedPipe pipe = events.key(i) < 0 ? pipes[(int) ~events.key(i)] : null;
                if (pipe != null) {
                    pipe.completed(events.request(i));
                } else if (events.key(i) >= FIRST_GROUP) {
                    complete(groups[(int) (events.key(i) - FIRST_GROUP)].at(events.request(i)));
                }
            }
        }
    }

    private boolean hasPendingPipes() {
        for (OverlappedPipe pipe : pipes) {
            if (pipe != null && pipe.isPending()) {
                return true;
            }
        }
        return false;
    }
}
