@NullMarked
package puente.net;

import org.jspecify.annotations.NullMarked;
