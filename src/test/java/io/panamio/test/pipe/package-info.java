/** Tests of pipes, with those of a platform whose pipes deliver their own events. */
package io.panamio.test.pipe;
