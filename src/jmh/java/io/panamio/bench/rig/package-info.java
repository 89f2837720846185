/**
 * What the rigs share that measure servers side by side: processes that are started, stopped and asked what they have
 * used, and rounds over all of them. {@link io.panamio.bench.rig.SideBySide} runs it.
 */
package io.panamio.bench.rig;
