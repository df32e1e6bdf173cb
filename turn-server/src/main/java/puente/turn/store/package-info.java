@NullMarked
package puente.turn.store;

import org.jspecify.annotations.NullMarked;
