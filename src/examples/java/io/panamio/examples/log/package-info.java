/** The output of the programs, written so that no event loop waits for its reader. */
package io.panamio.examples.log;
