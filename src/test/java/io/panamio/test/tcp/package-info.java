/** Tests of TCP streams and listeners. */
package io.panamio.test.tcp;
