package io.panamio;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A collection that assigns a token to each object, for example to each connection of an event loop.
 *
 * {@snippet file="LoopSnippets.java" region="slab"}
 *
 * <p>A token consists of a slot and its generation. Once an object is removed, its token is stale and finds nothing,
 * even if the slot is used again; it repeats only after 2<sup>31</sup> uses of the slot. An event that was reported
 * before its source was closed, in the same batch, therefore cannot reach the source that reuses the slot.
 *
 * <p>Tokens are never negative, which leaves the negative values for wakers and listeners. Insert, get and remove take
 * constant time, and allocate only when the slab grows. Not thread-safe.
 *
 * @param <T> the type of the objects
 */
public final class Slab<T> {
    private static final int NONE = -1;

    private Object[] objects;
    private int[] generations;
    private int[] nextFree;
    private int free = NONE;
    private int used;
    private int size;

    /** Constructs an empty slab. */
    public Slab() {
        this(16);
    }

    /**
     * Constructs an empty slab with an initial capacity.
     *
     * @param capacity the number of objects that fit before the slab must grow, at least 1
     * @throws IllegalArgumentException if {@code capacity} is less than 1
     */
    public Slab(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is less than 1");
        }
        objects = new Object[capacity];
        generations = new int[capacity];
        nextFree = new int[capacity];
    }

    /**
     * Inserts an object and returns its token.
     *
     * @param object the object
     * @return the token, valid until the object is removed
     * @throws OutOfMemoryError if the slab cannot grow; nothing has changed then
     */
    public long insert(T object) {
        Objects.requireNonNull(object, "object");
        int slot = free;
        if (slot == NONE) {
            if (used == objects.length) {
                grow();
            }
            slot = used++;
        } else {
            free = nextFree[slot];
        }
        objects[slot] = object;
        size++;
        return token(slot);
    }

    private void grow() {
        int capacity = Math.max(objects.length + 1, (int) Math.min(objects.length * 2L, Integer.MAX_VALUE - 8));
        Object[] moreObjects = Arrays.copyOf(objects, capacity);
        int[] moreGenerations = Arrays.copyOf(generations, capacity);
        nextFree = Arrays.copyOf(nextFree, capacity); // the last allocation, so nothing has changed if it fails
        generations = moreGenerations;
        objects = moreObjects;
    }

    private long token(int slot) {
        return (long) generations[slot] << 32 | slot;
    }

    /**
     * Returns the object with a token.
     *
     * @param token any value
     * @return the object, or {@code null} if the token is stale or was never assigned
     */
    @SuppressWarnings("unchecked")
    public T get(long token) {
        int slot = (int) token;
        return slot >= 0 && slot < used && token(slot) == token ? (T) objects[slot] : null;
    }

    /**
     * Removes the object with a token.
     *
     * @param token any value
     * @return the removed object, or {@code null} if the token is stale or was never assigned
     */
    public T remove(long token) {
        T object = get(token);
        if (object != null) {
            int slot = (int) token;
            objects[slot] = null;
            generations[slot] = generations[slot] + 1 & Integer.MAX_VALUE;
            nextFree[slot] = free;
            free = slot;
            size--;
        }
        return object;
    }

    /** {@return the number of objects} */
    public int size() {
        return size;
    }

    /** {@return the number of objects that fit before the slab must grow; every {@link #slot} is less than that} */
    public int capacity() {
        return objects.length;
    }

    /**
     * Returns the slot of a token, for use as an index into arrays that are parallel to the slab. No two objects in a
     * slab have the same slot. The slot of a removed object is reused before a new one is used.
     *
     * @param token a token of a slab
     * @return the slot, at least 0
     * @throws IllegalArgumentException if {@code token} cannot be a token of a slab, for example because it is negative
     */
    public static int slot(long token) {
        int slot = (int) token;
        if (token < 0 || slot < 0) {
            throw new IllegalArgumentException(token + " is not a token of a slab");
        }
        return slot;
    }

    /**
     * Performs an action for each object. The action may remove any object, which is then not visited. An object that
     * the action inserts may be visited or not.
     *
     * @param action the action
     */
    @SuppressWarnings("unchecked")
    public void forEach(Consumer<? super T> action) {
        for (int slot = 0; slot < used; slot++) {
            if (objects[slot] != null) {
                action.accept((T) objects[slot]);
            }
        }
    }

    /**
     * Returns the token of the object with the next higher {@link #slot}, to visit all objects without allocation:
     *
     * {@snippet file="LoopSnippets.java" region="next-token"}
     *
     * <p>Any object may be removed meanwhile, including the current one. An object inserted meanwhile is visited if its
     * slot is higher than the current one.
     *
     * @param token the token to continue after, possibly stale; a negative value to begin
     * @return the next token, or -1 if there is none
     */
    public long nextToken(long token) {
        for (long slot = token < 0 ? 0 : (token & 0xFFFF_FFFFL) + 1; slot < used; slot++) {
            if (objects[(int) slot] != null) {
                return token((int) slot);
            }
        }
        return -1;
    }
}
