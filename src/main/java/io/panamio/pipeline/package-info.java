/**
 * Zero-copy pipelines: bytes move from where they come to where they go without being touched on the way.
 *
 * <ul>
 * <li>{@link io.panamio.pipeline.FileSource} sends files,
 * <li>{@link io.panamio.pipeline.Splice} and {@link io.panamio.pipeline.Relay} pass on what one stream receives to
 *     another, by pipes of a {@link io.panamio.pipeline.PipePool},
 * <li>{@link io.panamio.pipeline.ZeroCopySender} sends memory that the kernel reads in place, a {@link
 *     io.panamio.pipeline.ZeroCopyBuffer},
 * <li>{@link io.panamio.memory.SegmentPool} lends memory that is reused, for one event loop,
 * <li>{@link io.panamio.pipeline.RingBuffer} is to read into, parse in place and write from,
 * <li>{@link io.panamio.net.GatherList} is a header with its body, to be written together.
 * </ul>
 *
 * <p>Sizes and offsets are {@code long} throughout: files and segments may be larger than 2 GB.
 */
package io.panamio.pipeline;
