/** Tests of parts of Windows' platform that make no system call, and so run anywhere. */
package io.panamio.sys.windows;
