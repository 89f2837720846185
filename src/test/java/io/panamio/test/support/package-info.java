/** Fixtures: loops that check events, peers, child processes, native calls, and the conditions on which tests run. */
package io.panamio.test.support;
