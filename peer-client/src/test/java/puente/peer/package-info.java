/** What two people behind NATs want to do: find each other, and talk without anybody between. */
@NullMarked
package puente.peer;

import org.jspecify.annotations.NullMarked;
