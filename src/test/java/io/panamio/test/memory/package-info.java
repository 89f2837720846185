/** Tests of segment pools, leases and the arenas of sources. */
package io.panamio.test.memory;
