/** Platforms that differ from Linux's in one respect, for tests of what other systems lack or do differently. */
package io.panamio.sys.linux;
