/** Tests of parts of FreeBSD's platform that make no system call, and so run anywhere. */
package io.panamio.sys.freebsd;
