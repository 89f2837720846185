/** Tests of parts of macOS's platform that make no system call, and so run anywhere. */
package io.panamio.sys.macos;
