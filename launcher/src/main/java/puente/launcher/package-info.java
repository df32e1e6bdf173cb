@NullMarked
package puente.launcher;

import org.jspecify.annotations.NullMarked;
