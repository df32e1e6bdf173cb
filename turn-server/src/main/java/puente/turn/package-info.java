@NullMarked
package puente.turn;

import org.jspecify.annotations.NullMarked;
