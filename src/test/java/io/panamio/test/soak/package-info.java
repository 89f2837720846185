/** The soak: a program that uses everything at once for as long as wanted, and fails if anything grows. */
package io.panamio.test.soak;
