package puente.launcher.e2e;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A self-signed certificate for localhost, 127.0.0.1 and ::1, made by openssl. */
record Certificate(Path chain, Path key) {

  static Certificate in(Path folder) {
    Program.require("openssl");
    var chain = folder.resolve("cert.pem");
    var key = folder.resolve("key.pem");
    var done =
        Program.start(
                folder.resolve("openssl.out"),
                ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
                        + " -subj /CN=localhost"
                        + " -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
                        + (" -keyout " + key + " -out " + chain))
                    .split(" "))
            .finish(Duration.ofSeconds(20));
    if (done.exit() != 0 || !Files.exists(chain)) {
      throw new AssertionError("openssl: " + done.output());
    }
    return new Certificate(chain, key);
  }
}
