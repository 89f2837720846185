/**
 * Reusable off-heap memory for an event loop.
 *
 * <p>A {@link io.panamio.memory.SegmentPool} is confined to one thread. It lends memory segments as {@link
 * io.panamio.memory.Lease leases}, which are released one by one, or as {@linkplain io.panamio.memory.SegmentPool#arena
 * arenas}, which release all their memory when they are closed. {@link io.panamio.memory.PoolOptions} sets the segment
 * sizes and the limit of a pool, and turns on its checks.
 *
 * <p>A source can take the memory of its own arena from a pool; see {@link
 * io.panamio.IoSource#arena(io.panamio.memory.SegmentPool)}.
 */
package io.panamio.memory;
