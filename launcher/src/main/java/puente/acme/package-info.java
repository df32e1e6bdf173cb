/** Certificates from an authority that speaks ACME (RFC 8555). */
@NullMarked
package puente.acme;

import org.jspecify.annotations.NullMarked;
