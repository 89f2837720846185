/** Tests of the example programs, most of them against other programs such as curl, nginx and PostgreSQL. */
package io.panamio.test.programs;
