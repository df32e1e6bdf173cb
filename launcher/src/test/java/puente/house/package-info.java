/** Tests of the repository itself: its style, its architecture, its pages and its script. */
@NullMarked
package puente.house;

import org.jspecify.annotations.NullMarked;
