/**
 * Tests of polls, registration, readiness, the waker, closes and races; {@link io.panamio.test.poll.DifferentialTest}
 * compares the back ends.
 */
package io.panamio.test.poll;
