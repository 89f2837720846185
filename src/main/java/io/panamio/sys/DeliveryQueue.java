package io.panamio.sys;

import io.panamio.sys.Delivery.Entry;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock-free queue of the entries that the poller of a {@link Selector} is to report, in the order in which they were
 * added. Any thread may call {@link #add}; the other methods are for the poller only.
 */
final class DeliveryQueue {
    private static final VarHandle ADDED;

    static {
        try {
            ADDED = MethodHandles.lookup().findVarHandle(DeliveryQueue.class, "added", Entry.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The entries added since the last {@link #count}: a stack, the newest first. */
    private volatile Entry added;

    // the queue itself, oldest first; used by the poller only
    private Entry first;
    private Entry last;
    private int count;

    void add(Entry entry) {
        Entry head;
        do {
            head = added;
            entry.next = head;
        } while (!ADDED.compareAndSet(this, head, entry));
    }

    /** {@return whether the queue is empty} */
    boolean isEmpty() {
        return first == null && added == null;
    }

    /** Appends the entries added since the last call to the queue, and returns the number of entries in it. */
    int count() {
        if (added != null) {
            for (Entry e = reversed((Entry) ADDED.getAndSet(this, null)); e != null;) {
                Entry next = e.next;
                append(e);
                e = next;
            }
        }
        return count;
    }

    private static Entry reversed(Entry stack) {
        Entry oldest = null;
        for (Entry e = stack; e != null;) {
            Entry next = e.next;
            e.next = oldest;
            oldest = e;
            e = next;
        }
        return oldest;
    }

    private void append(Entry entry) {
        entry.next = null;
        if (first == null) {
            first = entry;
        } else {
            last.next = entry;
        }
        last = entry;
        count++;
    }

    /**
     * Moves entries to {@code events}, from index {@code n} on, until the buffer is full or each entry has been taken
     * once. Level-triggered entries that are still ready are appended again, for the next poll.
     *
     * @return the number of events in the buffer
     */
    int moveTo(EventBuffer events, int n) {
        int filled = n;
        for (int left = count(); left > 0 && filled < events.capacity(); left--) {
            Entry entry = first;
            first = entry.next;
            count--;
            int readiness = entry.source.take(entry);
            if (entry.again) {
                append(entry);
            }
            if (readiness != 0) {
                events.set(filled++, entry.token, readiness);
            }
        }
        return filled;
    }
}
