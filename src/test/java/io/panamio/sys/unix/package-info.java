/** Tests of what the systems of Unix share, which need more than the public API. */
package io.panamio.sys.unix;
