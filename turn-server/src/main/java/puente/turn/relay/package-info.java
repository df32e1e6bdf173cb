@NullMarked
package puente.turn.relay;

import org.jspecify.annotations.NullMarked;
