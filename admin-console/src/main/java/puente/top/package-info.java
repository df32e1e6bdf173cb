/** Who causes most, of very many, in a bounded place: pure, without clock. */
@NullMarked
package puente.top;

import org.jspecify.annotations.NullMarked;
