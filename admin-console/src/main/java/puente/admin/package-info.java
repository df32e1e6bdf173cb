@NullMarked
package puente.admin;

import org.jspecify.annotations.NullMarked;
