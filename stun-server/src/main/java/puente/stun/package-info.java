@NullMarked
package puente.stun;

import org.jspecify.annotations.NullMarked;
