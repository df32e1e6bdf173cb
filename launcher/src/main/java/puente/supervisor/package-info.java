@NullMarked
package puente.supervisor;

import org.jspecify.annotations.NullMarked;
