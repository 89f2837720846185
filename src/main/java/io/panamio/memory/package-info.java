/**
 * Memory that is reused: a {@link io.panamio.memory.SegmentPool} of one thread lends segments, as {@link
 * io.panamio.memory.Lease leases} that are released one by one, or as arenas that release theirs together.
 */
package io.panamio.memory;
