/**
 * A laboratory of network namespaces: three nodes, real clients and peers, and everything that may
 * happen to them. {@code ./puente chaos} runs all of it, the tests here the short forms of some.
 */
@NullMarked
package puente.chaos;

import org.jspecify.annotations.NullMarked;
