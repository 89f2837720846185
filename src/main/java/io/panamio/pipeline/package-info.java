/**
 * Zero-copy pipelines: bytes move from a source to a sink without being copied through the process.
 *
 * <ul>
 * <li>{@link io.panamio.pipeline.FileSource} sends a file to a stream: sendfile(2).
 * <li>{@link io.panamio.pipeline.Splice} transfers bytes from one stream to another, and {@link
 *     io.panamio.pipeline.Relay} in both directions, through the pipes of a {@link io.panamio.pipeline.PipePool}:
 *     splice(2).
 * <li>{@link io.panamio.pipeline.ZeroCopySender} sends a {@link io.panamio.pipeline.ZeroCopyBuffer}, which the kernel
 *     reads in place: MSG_ZEROCOPY.
 * <li>{@link io.panamio.pipeline.RingBuffer} is a byte ring to read into, parse in place and write from.
 * </ul>
 *
 * <p>Related types elsewhere: {@link io.panamio.memory.SegmentPool} lends reusable memory, and {@link
 * io.panamio.net.GatherList} writes several segments, such as a header and its body, in one call.
 *
 * <p>Sizes and offsets are {@code long} throughout: files and segments may exceed 2 GB. Where a system lacks one of
 * these calls, {@code Splice}, {@code Relay}, {@code FileSource} and {@code RingBuffer} copy instead; see {@link
 * io.panamio.Feature}.
 */
package io.panamio.pipeline;
