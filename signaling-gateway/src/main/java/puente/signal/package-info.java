@NullMarked
package puente.signal;

import org.jspecify.annotations.NullMarked;
