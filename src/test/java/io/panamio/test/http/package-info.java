/** Generated requests for the examples {@code serve} and {@code proxy}, judged by two parsers and by nginx. */
package io.panamio.test.http;
