/** Fuzz targets, and the test that runs them on their corpora. */
package io.panamio.test.fuzz;
