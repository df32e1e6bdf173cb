/** Every metric that there is, and what Prometheus and Grafana make of them. */
@NullMarked
package puente.metrics;

import org.jspecify.annotations.NullMarked;
