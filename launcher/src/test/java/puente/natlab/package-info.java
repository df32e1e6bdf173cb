/**
 * Two hosts behind any pair of NATs, and a server outside, in network namespaces. {@code ./puente
 * natlab} tries all pairs, the tests here a few.
 */
@NullMarked
package puente.natlab;

import org.jspecify.annotations.NullMarked;
