# Puente's image: the server, a Java runtime with just the modules it needs, and nothing to build with.
#
#   docker build -t puente .
#   docker run --network=host puente
#
# A build without Docker Hub names its own bases: one with a JDK 25, one with glibc and a shell.
ARG BUILD_IMAGE=eclipse-temurin:25-jdk
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
# The time of every file: two builds of one source then have the same layers (see the end).
ARG SOURCE_DATE_EPOCH=1795132800
# "no" leaves the AOT cache out: about 48 MB less to carry, half a second more to start.
ARG AOT=yes
WORKDIR /src
COPY . .
# Builds what is not built yet; then the runtime, and the distribution in the place where it will run:
# the AOT cache fits no other, and no other times of the jars. Native libraries lie unpacked, of this
# processor alone: SQLite's jar has them for two dozen others, and /tmp may be mounted noexec.
RUN ./puente version \
 && jlink --strip-java-debug-attributes --no-header-files --no-man-pages --compress=zip-6 --output /opt/puente/jre \
      --add-modules java.base,java.instrument,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.sql,java.xml,jdk.crypto.ec,jdk.jcmd,jdk.jfr,jdk.management,jdk.net,jdk.unsupported,jdk.zipfs \
 && mkdir -p /opt/puente/bin /opt/puente/native \
 && cp -R launcher/target/puente/lib /opt/puente/lib \
 && cp launcher/src/main/dist/puente /opt/puente/bin/puente \
 && (cd /opt/puente/native \
      && for library in transport-native-epoll tcnative-boringssl-static; do \
           jar xf "$(ls ../lib/netty-"$library"-*-linux-"$(uname -m | sed 's/aarch64/aarch_64/')".jar)" META-INF/native || exit 1; \
         done \
      && mv META-INF/native/*.so . && rm -r META-INF) \
 && mkdir /tmp/sqlite && (cd /tmp/sqlite \
      && jar xf /opt/puente/lib/sqlite-jdbc-*.jar \
      && mv "org/sqlite/native/Linux/$(uname -m)/libsqlitejdbc.so" /opt/puente/native/ && rm -r org/sqlite/native \
      && find . -type f | LC_ALL=C sort >/tmp/sqlite.files \
      && jar --create --no-manifest --file "$(ls /opt/puente/lib/sqlite-jdbc-*.jar)" \
           --date "$(date -u -d "@${SOURCE_DATE_EPOCH}" +%Y-%m-%dT%H:%M:%SZ)" @/tmp/sqlite.files) \
 && cp LICENSE /opt/puente/LICENSE \
 && chmod -R u=rwX,go=rX /opt/puente \
 && chmod 755 /opt/puente/bin/puente \
 && find /opt/puente -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} + \
 && if [ "${AOT}" = yes ]; then /opt/puente/bin/puente learn; fi
# One directory for each layer of the image: the server, and what differs from one rehearsal to the next.
RUN mkdir -p /layers/server/opt /layers/server/usr/local/bin /layers/server/usr/share/puente /layers/cache/opt/puente \
 && if [ -e /opt/puente/puente.aot ]; then chmod 644 /opt/puente/puente.aot && mv /opt/puente/puente.aot /layers/cache/opt/puente/; fi \
 && mv /opt/puente /layers/server/opt/puente \
 && { cp launcher/target/puente/sbom.json /layers/server/usr/share/puente/ || echo "no SBOM: Maven was offline when this was built"; } \
 && ln -s /opt/puente/bin/puente /layers/server/usr/local/bin/puente \
 && find /layers -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM ${RUNTIME_IMAGE}
ARG RUNTIME_IMAGE
ARG SOURCE_DATE_EPOCH=1795132800
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=2026-11-20T00:00:00Z
LABEL org.opencontainers.image.title="Puente" \
      org.opencontainers.image.description="STUN, TURN and signaling server" \
      org.opencontainers.image.vendor="Puente" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
COPY --from=build /layers/server/ /
# 65532 is who distroless images call nonroot.
RUN mkdir /var/lib/puente \
 && chown 65532:65532 /var/lib/puente \
 && chmod 700 /var/lib/puente \
 && touch -d "@${SOURCE_DATE_EPOCH}" /var/lib /var/lib/puente
# The last, because a rehearsal is never quite like the one before: all layers above are the same bytes each time.
COPY --from=build /layers/cache/ /
ENV PUENTE_HOME=/opt/puente \
    PUENTE_STATE_DIR=/var/lib/puente
USER 65532:65532
WORKDIR /var/lib/puente
VOLUME /var/lib/puente
# STUN and TURN; TLS; HTTP with signaling and credentials; console, API and metrics (loopback by default).
EXPOSE 3478/udp 3478/tcp 5349/udp 5349/tcp 8080/tcp 8443/tcp 9641/tcp
# In order and at once, or after a drain where one is configured (docs/OPERATIONS.md).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 CMD ["puente", "healthcheck"]
ENTRYPOINT ["puente"]
CMD ["serve"]
