/** How the command {@code serve} reaches files: one class for each system, and one that uses the JDK alone. */
package io.panamio.examples.serve.files;
