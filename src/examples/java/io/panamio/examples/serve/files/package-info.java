/** How the command {@code serve} accesses files: one class for each system, and one that uses only the JDK. */
package io.panamio.examples.serve.files;
