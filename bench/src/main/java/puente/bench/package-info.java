/** Benchmarks: of single calls by JMH, and the report of bench/run. */
@NullMarked
package puente.bench;

import org.jspecify.annotations.NullMarked;
