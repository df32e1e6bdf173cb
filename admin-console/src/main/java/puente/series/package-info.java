/** Numbers over time, in a bounded place: pure, without clock or file. */
@NullMarked
package puente.series;

import org.jspecify.annotations.NullMarked;
