/**
 * Whole-system tests: a real server process on loopback, and on the other side software that is not
 * ours. {@code -De2e.server=coturn} runs the same tests against coturn's server, which shows that a
 * test can pass without us.
 */
@NullMarked
package puente.launcher.e2e;

import org.jspecify.annotations.NullMarked;
