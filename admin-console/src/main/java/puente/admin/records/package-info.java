@NullMarked
package puente.admin.records;

import org.jspecify.annotations.NullMarked;
