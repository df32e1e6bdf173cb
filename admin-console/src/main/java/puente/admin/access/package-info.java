@NullMarked
package puente.admin.access;

import org.jspecify.annotations.NullMarked;
