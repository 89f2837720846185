/** Tests of what all kinds of sockets share: options, descriptors that are adopted, gather lists, large messages. */
package io.panamio.test.net;
