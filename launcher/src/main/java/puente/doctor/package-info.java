/** Looks at a server from outside and at a host from inside, and says what to mend. */
@NullMarked
package puente.doctor;

import org.jspecify.annotations.NullMarked;
