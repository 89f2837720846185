package io.panamio.examples;

import java.util.NoSuchElementException;

/**
 * A queue of what an event loop resumes in its next turn without waiting for an event. If {@link #add} throws {@link
 * OutOfMemoryError}, the queue is unchanged, whereas an {@link java.util.ArrayDeque} then loses its elements.
 */
public class TurnQueue<E> {
    private Object[] ring = new Object[16];
    private int first;
    private int size;

    /** Creates an empty queue. */
    public TurnQueue() {
    }

    /** Returns the number of elements. */
    public int size() {
        return size;
    }

    /** Returns whether the queue has no elements. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Appends an element. */
    public void add(E element) {
        if (size == ring.length) {
            Object[] larger = new Object[size * 2];
            System.arraycopy(ring, first, larger, 0, size - first);
            System.arraycopy(ring, 0, larger, size - first, first);
            ring = larger;
            first = 0;
        }
        ring[first + size & ring.length - 1] = element;
        size++;
    }

    /** Removes and returns the oldest element. */
    @SuppressWarnings("unchecked")
    public E remove() {
        if (size == 0) {
            throw new NoSuchElementException();
        }
        E element = (E) ring[first];
        ring[first] = null;
        first = first + 1 & ring.length - 1;
        size--;
        return element;
    }
}
