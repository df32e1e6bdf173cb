package puente.launcher;

import io.netty.handler.ssl.OpenSslPrivateKeyMethod;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Set;
import javax.net.ssl.SSLEngine;

/**
 * Signs what BoringSSL shows: the dearest part of a handshake, which Netty thus has done where {@code
 * SslContext.newHandler} is told to, not on the loop that relays packets. The key stays in the JVM.
 */
final class TlsSignature implements OpenSslPrivateKeyMethod {
  // SignatureScheme of RFC 8446 §4.2.3, by which BoringSSL calls them.
  private static final int RSA_PKCS1_SHA1 = 0x0201;
  private static final int RSA_PKCS1_SHA256 = 0x0401;
  private static final int RSA_PKCS1_SHA384 = 0x0501;
  private static final int RSA_PKCS1_SHA512 = 0x0601;
  private static final int ECDSA_SHA1 = 0x0203;
  private static final int ECDSA_SECP256R1_SHA256 = 0x0403;
  private static final int ECDSA_SECP384R1_SHA384 = 0x0503;
  private static final int ECDSA_SECP521R1_SHA512 = 0x0603;
  private static final int RSA_PSS_RSAE_SHA256 = 0x0804;
  private static final int RSA_PSS_RSAE_SHA384 = 0x0805;
  private static final int RSA_PSS_RSAE_SHA512 = 0x0806;

  private static final Set<String> KEYS = Set.of("RSA", "EC");

  private final PrivateKey key;

  TlsSignature(PrivateKey key) {
    this.key = key;
  }

  /** Whether there is a case below for this kind of key. */
  static boolean makes(PrivateKey key) {
    return KEYS.contains(key.getAlgorithm());
  }

  @Override
  public byte[] sign(SSLEngine engine, int scheme, byte[] message) throws GeneralSecurityException {
    Signature signature = begin(scheme);
    signature.update(message);
    return signature.sign();
  }

  private Signature begin(int scheme) throws GeneralSecurityException {
    return switch (scheme) {
      case RSA_PKCS1_SHA1 -> by("SHA1withRSA");
      case RSA_PKCS1_SHA256 -> by("SHA256withRSA");
      case RSA_PKCS1_SHA384 -> by("SHA384withRSA");
      case RSA_PKCS1_SHA512 -> by("SHA512withRSA");
      case ECDSA_SHA1 -> by("SHA1withECDSA");
      case ECDSA_SECP256R1_SHA256 -> by("SHA256withECDSA");
      case ECDSA_SECP384R1_SHA384 -> by("SHA384withECDSA");
      case ECDSA_SECP521R1_SHA512 -> by("SHA512withECDSA");
      case RSA_PSS_RSAE_SHA256 -> pss(MGF1ParameterSpec.SHA256, 256 / 8);
      case RSA_PSS_RSAE_SHA384 -> pss(MGF1ParameterSpec.SHA384, 384 / 8);
      case RSA_PSS_RSAE_SHA512 -> pss(MGF1ParameterSpec.SHA512, 512 / 8);
      default -> throw new SignatureException("no such signature scheme: " + scheme);
    };
  }

  private Signature by(String algorithm) throws GeneralSecurityException {
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    return signature;
  }

  /** RFC 8017 §8.1, with salt as long as the digest (RFC 8446 §4.2.3). */
  private Signature pss(MGF1ParameterSpec digest, int saltLength) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("RSASSA-PSS");
    signature.setParameter(
        new PSSParameterSpec(digest.getDigestAlgorithm(), "MGF1", digest, saltLength, 1));
    signature.initSign(key);
    return signature;
  }

  /** Only suites without forward secrecy would have something decrypted; none is offered. */
  @Override
  public byte[] decrypt(SSLEngine engine, byte[] secret) throws GeneralSecurityException {
    throw new GeneralSecurityException("no suite with key transport by RSA is offered");
  }
}
