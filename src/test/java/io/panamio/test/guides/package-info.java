/** The programs of the guides, which the pages show as they are, and the tests that run them. */
package io.panamio.test.guides;
