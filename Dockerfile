# Puente's image: the server, a Java runtime with just the modules it needs, and nothing to build with.
#
#   docker build -t puente .
#   docker run --network=host puente
#
# A build without Docker Hub names its own bases: one with a JDK 25, one with glibc and a shell.
ARG BUILD_IMAGE=eclipse-temurin:25-jdk
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
# Builds what is not built yet; then the runtime, and the distribution in the place where it will run:
# the AOT cache fits no other.
RUN ./puente version \
 && jlink --strip-java-debug-attributes --no-header-files --no-man-pages --compress=zip-6 --output /opt/puente/jre \
      --add-modules java.base,java.instrument,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.sql,java.xml,jdk.crypto.ec,jdk.jcmd,jdk.jfr,jdk.management,jdk.net,jdk.unsupported,jdk.zipfs \
 && mkdir -p /opt/puente/bin /opt/puente/native \
 && cp -R launcher/target/puente/lib /opt/puente/lib \
 && cp launcher/src/main/dist/puente /opt/puente/bin/puente \
 && (cd /opt/puente/native \
      && jar xf "$(ls ../lib/netty-transport-native-epoll-*-linux-"$(uname -m | sed 's/aarch64/aarch_64/')".jar)" META-INF/native \
      && mv META-INF/native/*.so . && rm -r META-INF) \
 && cp LICENSE /opt/puente/LICENSE \
 && chmod -R u=rwX,go=rX /opt/puente \
 && chmod 755 /opt/puente/bin/puente \
 && /opt/puente/bin/puente learn

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Puente" \
      org.opencontainers.image.description="STUN, TURN and signaling server" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /opt/puente /opt/puente
# 65532 is who distroless images call nonroot.
RUN mkdir -p /var/lib/puente && chown 65532:65532 /var/lib/puente && chmod 700 /var/lib/puente \
 && ln -s /opt/puente/bin/puente /usr/local/bin/puente
ENV PUENTE_HOME=/opt/puente \
    PUENTE_STATE_DIR=/var/lib/puente
USER 65532:65532
WORKDIR /var/lib/puente
VOLUME /var/lib/puente
# STUN and TURN; TLS; HTTP with signaling and credentials; console, API and metrics (loopback by default).
EXPOSE 3478/udp 3478/tcp 5349/udp 5349/tcp 8080/tcp 8443/tcp 9641/tcp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 CMD ["puente", "healthcheck"]
ENTRYPOINT ["puente"]
CMD ["serve"]
