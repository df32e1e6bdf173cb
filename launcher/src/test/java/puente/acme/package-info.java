@NullMarked
package puente.acme;

import org.jspecify.annotations.NullMarked;
