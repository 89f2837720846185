/** The code that the documentation shows, and the tests that run it. */
package io.panamio.test.snippets;
