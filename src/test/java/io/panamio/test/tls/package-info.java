/** Tests of {@code io.panamio.tls}. */
package io.panamio.test.tls;
