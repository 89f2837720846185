/**
 * Two hosts that exchange packets: a network namespace for each, and between them a {@link io.panamio.test.hosts.Wire}
 * that delays, drops, doubles and refuses packets. Everything ends with the threads of the process, so nothing is left
 * behind, and processes do not disturb each other.
 */
package io.panamio.test.hosts;
