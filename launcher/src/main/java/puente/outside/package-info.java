/** By which address the world reaches this host: asked of the cloud that it runs in and of STUN. */
@NullMarked
package puente.outside;

import org.jspecify.annotations.NullMarked;
