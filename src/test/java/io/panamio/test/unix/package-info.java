/** Tests of Unix sockets, their files, and descriptor passing. */
package io.panamio.test.unix;
