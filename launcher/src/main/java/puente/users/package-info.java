/** User databases in coturn's schema, and who else knows users; nothing here runs on a loop. */
@NullMarked
package puente.users;

import org.jspecify.annotations.NullMarked;
