package io.panamio;

import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * The timers of one event loop: deadlines of connections, retries, whatever is to be done after a delay.
 *
 * {@snippet file="LoopSnippets.java" region="timers"}
 *
 * <p>A timer never expires early. Its deadline is rounded up to the next tick, and {@link Poll#poll(Events, Timers)}
 * waits until the first deadline is reached: no wake-up serves anything else, however long the delay. Timers expire in
 * the order of their ticks; the order within a tick is not specified.
 *
 * <p>Scheduling, rescheduling, cancelling and expiring take constant time, whatever the number of timers. Nothing is
 * allocated unless there are more timers than ever before, or their deadlines are spread as never before. A timer
 * takes 32 bytes and a share of the index, together less than 40, unless most timers of clusters that are far apart
 * were cancelled: then it may be hundreds. The memory is kept for later ones. A timer that is rescheduled within the
 * same tick, such as the timeout of a busy connection, is not moved: a coarse tick makes that frequent.
 *
 * <p>A timer is identified by a number that is never negative and, like a token of a {@link Slab}, contains a
 * generation: once the timer has expired or is cancelled, the number is stale and finds nothing, even if its memory is
 * used again; it repeats only after 2<sup>31</sup> uses of that. Not thread-safe.
 */
public final class Timers {
    // A trie of the deadlines, in ticks since the creation: a node has a slot for each value of some bits of the tick.
    // A slot has a list of timers, or another node once there are too many for a list; only a list for a single tick
    // may have any length. So the first timer is found in bounded time. A timing wheel moves timers as time passes, and
    // does not know the next deadline exactly until then.
    private static final int BITS = 4;
    private static final int SLOTS = 1 << BITS;
    private static final int LIST_LIMIT = 32;
    /** The maximum number of nodes that an operation adds: one for a list that is split, and one above that. */
    private static final int SPARE_NODES = 2;
    private static final int INITIAL_NODES = 16;
    /** The slot of all timers, in a node that has no other. */
    private static final int ROOT = 0;

    private static final int BLOCK_BITS = 7;
    private static final int BLOCK = 1 << BLOCK_BITS;
    private static final int NONE = -1;

    /** A record of a timer: its tick and its token, two ints each, and what follows. */
    private static final int RECORD = 8;
    private static final int TICK = 0;
    private static final int TOKEN = 2;
    /** The next timer in its list, or the next free one. */
    private static final int NEXT = 4;
    private static final int PREVIOUS = 5;
    private static final int GENERATION = 6;
    private static final int SLOT = 7;

    private static final Duration MIN_TICK = Duration.ofNanos(1000);
    private static final Duration MAX_TICK = Duration.ofDays(1);

    private final LongSupplier clock;
    private final long origin;
    private final long tickNanos;
    /** The tick of deadlines that are beyond the range of the clock. */
    private final long never;
    /** The latest time, in nanoseconds since the origin. */
    private long now;

    /** The records, in blocks: to add one moves none. */
    private int[][] records = {new int[RECORD * BLOCK]};
    private int blocks = 1;
    private int free = NONE;
    private int used;
    private int size;
    /** A timer with the least tick, or NONE if it must be searched for. */
    private int first = NONE;

    // Nodes.
    /** Of each slot the first timer of its list plus 1; 0 if empty; the complement of a node, if negative. */
    private int[] slots = new int[INITIAL_NODES * SLOTS];
    /** Of each slot the length of its list; of a list for a single tick only the lowest bits. */
    private byte[] lengths = new byte[INITIAL_NODES * SLOTS];
    /** Of each node a bit for each slot that is not empty. */
    private int[] occupied = new int[INITIAL_NODES];
    /** Of each node the position of the bits of a tick that select a slot. */
    private byte[] shifts = new byte[INITIAL_NODES];
    /** Of each node a tick whose higher bits are those of all ticks in it. */
    private long[] prefixes = new long[INITIAL_NODES];
    /** Of each node the slot that it is in, or the next free node. */
    private int[] parents = new int[INITIAL_NODES];
    private int freeNode = NONE;
    private int usedNodes;
    private int nodes;

    /** Whether a series of expirations has begun, its tick, and the timer that was the last one. */
    private boolean expiring;
    private long expiringTick = -1;
    private long expiredTimer = -1;
    private long expiredToken;

    /** Constructs an empty set of timers with a tick of one millisecond. */
    public Timers() {
        this(Duration.ofMillis(1));
    }

    /**
     * Constructs an empty set of timers.
     *
     * @param tick the resolution of the deadlines, from a microsecond to a day
     * @throws IllegalArgumentException if {@code tick} is out of range
     */
    public Timers(Duration tick) {
        this(tick, new LongSupplier() { // not a lambda: the first one of a process takes 20 ms
            @Override
            public long getAsLong() {
                return System.nanoTime();
            }
        });
    }

    /**
     * Constructs an empty set of timers on another clock than {@link System#nanoTime}, such as that of a test. {@link
     * Poll#poll(Events, Timers)} requires one that has the same speed, and waits too long if the clock has stopped
     * since the last poll.
     *
     * @param tick the resolution of the deadlines, from a microsecond to a day
     * @param clock returns the time in nanoseconds, from any origin; may overflow, as only differences count. A time
     *     before a previous one is taken for that one
     * @throws IllegalArgumentException if {@code tick} is out of range
     */
    public Timers(Duration tick, LongSupplier clock) {
        if (tick.compareTo(MIN_TICK) < 0 || tick.compareTo(MAX_TICK) > 0) {
            throw new IllegalArgumentException("tick " + tick + " is not between a microsecond and a day");
        }
        this.clock = Objects.requireNonNull(clock, "clock");
        tickNanos = tick.toNanos();
        never = Long.MAX_VALUE / tickNanos + 1;
        origin = clock.getAsLong();
        addNode(NONE, 0, Long.SIZE);
    }

    // ---- scheduling

    /**
     * Schedules a timer.
     *
     * @param token any number, which {@link #token} returns when the timer has expired, such as that of a connection
     * @param delay the time from now on; zero expires at the next tick, and no duration is too long
     * @return the timer, valid until it has expired or is cancelled
     * @throws IllegalArgumentException if {@code delay} is negative
     * @throws OutOfMemoryError if there is no room for another timer; nothing has changed then
     */
    public long schedule(long token, Duration delay) {
        long tick = tickAfter(delay);
        reserveTimer();
        reserveNodes();
        int t = free;
        if (t == NONE) {
            t = used++;
        } else {
            free = get(t, NEXT);
        }
        setLong(t, TOKEN, token);
        link(t, tick);
        if (size++ == 0 || first != NONE && tick < tick(first)) {
            first = t;
        }
        return id(t);
    }

    /**
     * Schedules a timer anew, with the same token, in place of its previous deadline.
     *
     * @param timer any value
     * @param delay the time from now on, as for {@link #schedule}
     * @return {@code false} if the timer has expired, was cancelled or never existed; nothing has changed then
     * @throws IllegalArgumentException if {@code delay} is negative
     * @throws OutOfMemoryError if there is no memory left; nothing has changed then
     */
    public boolean reschedule(long timer, Duration delay) {
        long tick = tickAfter(delay);
        int t = find(timer);
        if (t == NONE) {
            return false;
        }
        if (tick != tick(t)) {
            reserveNodes();
            unlink(t);
            link(t, tick);
            if (first != NONE && tick < tick(first)) {
                first = t;
            }
        }
        return true;
    }

    /**
     * Cancels a timer.
     *
     * @param timer any value
     * @return {@code false} if the timer has expired, was cancelled or never existed; nothing has changed then
     */
    public boolean cancel(long timer) {
        int t = find(timer);
        if (t == NONE) {
            return false;
        }
        remove(t);
        return true;
    }

    /** {@return the number of timers} */
    public int size() {
        return size;
    }

    // ---- expiring

    /**
     * Returns the time until the next timer expires, for a wait by other means than {@link Poll#poll(Events, Timers)}.
     *
     * @return the time in nanoseconds; 0 if a timer has expired, {@link Long#MAX_VALUE} if there is none
     */
    public long nanosToNext() {
        expiring = false;
        if (size == 0) {
            return Long.MAX_VALUE;
        }
        long tick = tick(first());
        return tick == never ? Long.MAX_VALUE : Math.max(tick * tickNanos - now(), 0);
    }

    /**
     * Removes the next timer that has expired. Call it in a loop until it returns {@code false}. A timer that is
     * scheduled meanwhile does not expire before the next loop, so that the loop ends: the clock is read at its first
     * call, which is the one after a {@code false} or a wait.
     *
     * @return whether a timer has expired; {@link #token} and {@link #timer} then identify it
     */
    public boolean expire() {
        if (!expiring) {
            expiringTick = now() / tickNanos;
            expiring = true;
        }
        if (size > 0) {
            int t = first();
            if (tick(t) <= expiringTick) {
                expiredTimer = id(t);
                expiredToken = getLong(t, TOKEN);
                remove(t);
                return true;
            }
        }
        expiring = false;
        return false;
    }

    /** {@return the token of the timer that has expired last; 0 if none has} */
    public long token() {
        return expiredToken;
    }

    /** {@return the timer that has expired last, now stale, which distinguishes timers of one token; -1 if none has} */
    public long timer() {
        return expiredTimer;
    }

    // ---- time

    private long now() {
        return now = Math.max(now, clock.getAsLong() - origin);
    }

    /** Returns the tick at which a delay from now on has passed. */
    private long tickAfter(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("delay " + delay + " is negative");
        }
        long deadline = now() + Poll.saturatedNanos(delay);
        return deadline < 0 ? never : Math.max(Math.ceilDiv(deadline, tickNanos), expiringTick + 1);
    }

    // ---- timers

    private int find(long timer) {
        int t = (int) timer;
        return t >= 0 && t < used && id(t) == timer && get(t, SLOT) != NONE ? t : NONE;
    }

    private void remove(int t) {
        unlink(t);
        set(t, NEXT, free);
        set(t, GENERATION, get(t, GENERATION) + 1 & Integer.MAX_VALUE);
        set(t, SLOT, NONE);
        free = t;
        size--;
    }

    private long id(int t) {
        return (long) get(t, GENERATION) << 32 | t;
    }

    private long tick(int t) {
        return getLong(t, TICK);
    }

    private int get(int t, int field) {
        return records[t >>> BLOCK_BITS][RECORD * (t & BLOCK - 1) + field];
    }

    private void set(int t, int field, int value) {
        records[t >>> BLOCK_BITS][RECORD * (t & BLOCK - 1) + field] = value;
    }

    private long getLong(int t, int field) {
        return (long) get(t, field) << 32 | get(t, field + 1) & 0xFFFF_FFFFL;
    }

    private void setLong(int t, int field, long value) {
        set(t, field, (int) (value >> 32));
        set(t, field + 1, (int) value);
    }

    /** Makes room for another timer. */
    private void reserveTimer() {
        if (free == NONE && used == blocks * BLOCK) {
            int[] block = new int[RECORD * BLOCK];
            if (blocks == records.length) {
                records = Arrays.copyOf(records, 2 * blocks);
            }
            records[blocks++] = block;
        }
    }

    /** Makes room for the nodes that an operation may add. */
    private void reserveNodes() {
        int enough = nodes + SPARE_NODES;
        if (enough > parents.length) {
            int more = Math.max(enough, parents.length + parents.length / 4);
            int[] moreSlots = Arrays.copyOf(slots, more * SLOTS);
            byte[] moreLengths = Arrays.copyOf(lengths, more * SLOTS);
            int[] moreOccupied = Arrays.copyOf(occupied, more);
            byte[] moreShifts = Arrays.copyOf(shifts, more);
            long[] morePrefixes = Arrays.copyOf(prefixes, more);
            parents = Arrays.copyOf(parents, more);
            prefixes = morePrefixes;
            shifts = moreShifts;
            occupied = moreOccupied;
            lengths = moreLengths;
            slots = moreSlots;
        }
    }

    // ---- the trie

    private void link(int t, long tick) {
        setLong(t, TICK, tick);
        for (int slot = ROOT;;) {
            int node = ~slots[slot];
            if (node < 0) {
                if (lengths[slot] < LIST_LIMIT || shifts[slot >>> BITS] == 0) {
                    push(t, slot);
                    return;
                }
                split(slot);
            } else if ((tick ^ prefixes[node]) >>> shifts[node] >>> BITS == 0) {
                slot = slot(node, tick);
            } else {
                addAbove(node, tick);
            }
        }
    }

    private int slot(int node, long tick) {
        return node * SLOTS + ((int) (tick >>> shifts[node]) & SLOTS - 1);
    }

    /** Replaces a list by a node. */
    private void split(int slot) {
        int t = slots[slot] - 1;
        long difference = 0;
        for (int other = t; other != NONE; other = get(other, NEXT)) {
            difference |= tick(other) ^ tick(t);
        }
        int node = addNode(slot, tick(t), shift(difference));
        lengths[slot] = 0;
        while (t != NONE) {
            int next = get(t, NEXT);
            push(t, slot(node, tick(t)));
            t = next;
        }
    }

    /** Puts a node between another and its parent, for a tick that is not in the range of the other. */
    private void addAbove(int node, long tick) {
        int above = addNode(parents[node], tick, shift(tick ^ prefixes[node]));
        int slot = slot(above, prefixes[node]);
        slots[slot] = ~node;
        occupied[above] = 1 << (slot & SLOTS - 1);
        parents[node] = slot;
    }

    private static int shift(long difference) {
        return (Long.SIZE - 1 - Long.numberOfLeadingZeros(difference | 1)) / BITS * BITS;
    }

    private void push(int t, int slot) {
        int next = slots[slot] - 1;
        set(t, NEXT, next);
        set(t, PREVIOUS, NONE);
        set(t, SLOT, slot);
        if (next == NONE) {
            occupied[slot >>> BITS] |= 1 << (slot & SLOTS - 1);
        } else {
            set(next, PREVIOUS, t);
        }
        slots[slot] = t + 1;
        lengths[slot]++;
    }

    private void unlink(int t) {
        int next = get(t, NEXT);
        int previous = get(t, PREVIOUS);
        int slot = get(t, SLOT);
        if (next != NONE) {
            set(next, PREVIOUS, previous);
        }
        lengths[slot]--;
        if (previous != NONE) {
            set(previous, NEXT, next);
        } else {
            slots[slot] = next + 1;
            if (next == NONE) {
                clear(slot);
            }
        }
        if (t == first) {
            first = NONE;
        }
    }

    /** Handles that a slot has become empty: removes the nodes that have no other. */
    private void clear(int empty) {
        for (int slot = empty;;) {
            int node = slot >>> BITS;
            occupied[node] &= ~(1 << (slot & SLOTS - 1));
            if (occupied[node] != 0 || slot == ROOT) {
                return;
            }
            slot = parents[node];
            slots[slot] = 0;
            parents[node] = freeNode;
            freeNode = node;
            nodes--;
        }
    }

    /** Adds an empty node, for which there is room. */
    private int addNode(int slot, long prefix, int shift) {
        int node = freeNode;
        if (node == NONE) {
            node = usedNodes++;
        } else {
            freeNode = parents[node];
        }
        nodes++;
        prefixes[node] = prefix;
        shifts[node] = (byte) shift;
        parents[node] = slot;
        if (slot != NONE) {
            slots[slot] = ~node;
        }
        return node;
    }

    /** Returns a timer with the least tick; there is at least one timer. */
    private int first() {
        if (first == NONE) {
            int slot = ROOT;
            for (int node; (node = ~slots[slot]) >= 0;) {
                slot = node * SLOTS + Integer.numberOfTrailingZeros(occupied[node]);
            }
            first = slots[slot] - 1;
            if (shifts[slot >>> BITS] != 0) {
                for (int t = get(first, NEXT); t != NONE; t = get(t, NEXT)) {
                    if (tick(t) < tick(first)) {
                        first = t;
                    }
                }
            }
        }
        return first;
    }
}
