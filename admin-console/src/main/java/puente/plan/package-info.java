/** Capacity planning as pure functions: numbers in, numbers and their reasons out. */
@NullMarked
package puente.plan;

import org.jspecify.annotations.NullMarked;
