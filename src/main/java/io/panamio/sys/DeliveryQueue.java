package io.panamio.sys;

import io.panamio.sys.Delivery.Entry;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The entries that the poller of a {@link Selector} has to report: added by any thread, taken in order by the poller.
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

    /** A stack of the entries that were added last. */
    private volatile Entry added;

    // the queue, used by the poller only
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

    /** {@return whether there is nothing to report} */
    boolean isEmpty() {
        return first == null && added == null;
    }

    /** Moves the entries that other threads have added to the queue, and returns the number of entries. */
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
     * Moves entries to {@code events}, from index {@code n} on, until the buffer is full. Each entry is reported once;
     * level-triggered entries stay for the next poll.
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
