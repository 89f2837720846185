/** Tests of files, splices, relays, zero-copy sends and ring buffers, between streams of every kind. */
package io.panamio.test.pipeline;
