/**
 * What happens to calls when the processes of one supervised server end: a load of our own, the
 * ends, and the figures.
 */
@NullMarked
package puente.chaos.restart;

import org.jspecify.annotations.NullMarked;
