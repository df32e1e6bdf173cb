/** What happened to whom, and which check decided: pure, bounded, for people who ask later. */
@NullMarked
package puente.story;

import org.jspecify.annotations.NullMarked;
