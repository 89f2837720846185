/**
 * Tests of the project as a whole: layers, the shape of the API, bindings against a C compiler, platforms, the code of
 * the documentation, class loading, and failures in the middle of an operation.
 */
package io.panamio.test.project;
