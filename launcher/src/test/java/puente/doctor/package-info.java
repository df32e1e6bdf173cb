@NullMarked
package puente.doctor;

import org.jspecify.annotations.NullMarked;
