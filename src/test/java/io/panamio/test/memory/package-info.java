/** Tests of segment pools, leases and the arenas of streams. */
package io.panamio.test.memory;
