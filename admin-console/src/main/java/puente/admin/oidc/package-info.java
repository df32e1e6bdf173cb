/** Signing in with somebody else's accounts: OpenID Connect. */
@NullMarked
package puente.admin.oidc;

import org.jspecify.annotations.NullMarked;
