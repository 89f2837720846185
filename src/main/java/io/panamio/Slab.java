package io.panamio;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Keeps the state of an event loop's sources, and makes their tokens. A token names a place and its generation: when
 * an object is removed, its token finds nothing from then on, even if the place is used again. So an event that was
 * reported before its source was closed, in the same batch, cannot hit the source that came in its place.
 *
 * <p>Tokens are never negative: the negative ones are free for wakers and listeners. Insert, get and remove take
 * constant time, and allocate only when it grows. For one thread.
 *
 * @param <T> the objects
 */
public final class Slab<T> {
    private static final int NONE = -1;

    private Object[] objects;
    private int[] generations;
    private int[] nextFree;
    private int free = NONE;
    private int used;
    private int size;

    /** An empty slab. */
    public Slab() {
        this(16);
    }

    /**
     * An empty slab.
     *
     * @param capacity for how many objects there is room before it must grow, at least 1
     * @throws IllegalArgumentException if that is less than 1
     */
    public Slab(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity);
        }
        objects = new Object[capacity];
        generations = new int[capacity];
        nextFree = new int[capacity];
    }

    /**
     * Puts an object in.
     *
     * @param object the object
     * @return its token, until it is removed
     * @throws OutOfMemoryError if there is no memory to grow; nothing has changed then
     */
    public long insert(T object) {
        Objects.requireNonNull(object, "object");
        int place = free;
        if (place == NONE) {
            if (used == objects.length) {
                grow();
            }
            place = used++;
        } else {
            free = nextFree[place];
        }
        objects[place] = object;
        size++;
        return token(place);
    }

    private void grow() {
        int capacity = Math.max(objects.length + 1, (int) Math.min(objects.length * 2L, Integer.MAX_VALUE - 8));
        Object[] moreObjects = Arrays.copyOf(objects, capacity);
        int[] moreGenerations = Arrays.copyOf(generations, capacity);
        nextFree = Arrays.copyOf(nextFree, capacity); // the last that can fail for want of memory
        generations = moreGenerations;
        objects = moreObjects;
    }

    private long token(int place) {
        return (long) generations[place] << 32 | place;
    }

    /**
     * Finds an object.
     *
     * @param token any number
     * @return the object that has this token, or null if none has or it was removed
     */
    @SuppressWarnings("unchecked")
    public T get(long token) {
        int place = (int) token;
        return place >= 0 && place < used && token(place) == token ? (T) objects[place] : null;
    }

    /**
     * Takes an object out.
     *
     * @param token any number
     * @return the object that had this token, or null if none had
     */
    public T remove(long token) {
        T object = get(token);
        if (object != null) {
            int place = (int) token;
            objects[place] = null;
            generations[place] = generations[place] + 1 & Integer.MAX_VALUE;
            nextFree[place] = free;
            free = place;
            size--;
        }
        return object;
    }

    /**
     * How many objects there are.
     *
     * @return the number
     */
    public int size() {
        return size;
    }

    /**
     * Returns how many objects this has room for before it must grow.
     *
     * @return the capacity; every {@link #slot} is less than that
     */
    public int capacity() {
        return objects.length;
    }

    /**
     * Returns the place that a token names, as an index for an array beside the slab. No two objects that are here have
     * the same; the slot of an object that was removed is used again.
     *
     * @param token a token of a slab
     * @return the slot, from 0 on; slots that were given back are used before new ones
     * @throws IllegalArgumentException if no slab makes such a token, as none does a negative one
     */
    public static int slot(long token) {
        int slot = (int) token;
        if (token < 0 || slot < 0) {
            throw new IllegalArgumentException("token " + token);
        }
        return slot;
    }

    /**
     * Shows every object. Any may be removed meanwhile, and is not shown afterwards. One that is inserted meanwhile may
     * be shown or not.
     *
     * @param action what to do with each
     */
    @SuppressWarnings("unchecked")
    public void forEach(Consumer<? super T> action) {
        for (int place = 0; place < used; place++) {
            if (objects[place] != null) {
                action.accept((T) objects[place]);
            }
        }
    }

    /**
     * Returns the token of the object with the next higher {@link #slot}. This visits all objects without allocation:
     *
     * <pre>{@code
     * for (long t = slab.nextToken(-1); t >= 0; t = slab.nextToken(t)) {
     *     Connection c = slab.get(t);
     *     if (c.isIdle()) { slab.remove(t).close(); }
     * }
     * }</pre>
     *
     * <p>Any object may be removed meanwhile, the current one too. One that is inserted meanwhile is visited if its
     * slot is still to come.
     *
     * @param token the token to go on after, also one whose object was removed; a negative number to begin
     * @return the token, or -1 if there is none after that
     */
    public long nextToken(long token) {
        for (long place = token < 0 ? 0 : (token & 0xFFFF_FFFFL) + 1; place < used; place++) {
            if (objects[(int) place] != null) {
                return token((int) place);
            }
        }
        return -1;
    }
}
