/** What the programs say, so that no event loop waits for who reads it. */
package io.panamio.examples.log;
