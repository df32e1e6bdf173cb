@NullMarked
package puente.load;

import org.jspecify.annotations.NullMarked;
