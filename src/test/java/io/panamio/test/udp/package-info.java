/** Tests of UDP sockets, batches and control messages. */
package io.panamio.test.udp;
