/**
 * The events for the JDK's Flight Recorder. {@link io.panamio.jfr.Flight} is the only class that others use, and it
 * works without the module {@code jdk.jfr}.
 */
package io.panamio.jfr;
