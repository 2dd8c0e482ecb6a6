# The exporter as an image. Build it from the root of the source tree:
#   docker build --tag smsc-exporter .
# Both stages start from one fixed release, by digest. To take a newer one, change tag and digest together.
ARG PYTHON=docker.io/library/python:3.13.14-slim-trixie@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1
WORKDIR /src
COPY requirements/ requirements/
RUN python3 -m venv --without-pip /opt/smsc-exporter \
 && python3 -m pip --python /opt/smsc-exporter/bin/python install --require-hashes --no-deps --only-binary :all: --requirement requirements/runtime.txt \
 && python3 -m venv --without-pip /opt/build \
 && python3 -m pip --python /opt/build/bin/python install --require-hashes --no-deps --only-binary :all: --requirement requirements/build.txt
COPY . .
RUN python3 -m pip --python /opt/build/bin/python wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && python3 -m pip --python /opt/smsc-exporter/bin/python install --no-deps --no-index /wheel/*.whl

FROM ${PYTHON}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="smsc-exporter" \
      org.opencontainers.image.description="Prometheus exporter for SMS sent through smsc.ru" \
      org.opencontainers.image.documentation="https://github.com/smsc-exporter/smsc-exporter/tree/main/docs" \
      org.opencontainers.image.source="https://github.com/smsc-exporter/smsc-exporter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/smsc-exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATE_DIRECTORY=/var/lib/smsc-exporter
COPY --from=build /opt/smsc-exporter /opt/smsc-exporter
RUN install --directory --mode 0700 --owner 10001 --group 10001 /var/lib/smsc-exporter
# By number, so that a cluster can tell that it is not root.
USER 10001:10001
WORKDIR /var/lib/smsc-exporter
VOLUME /var/lib/smsc-exporter
EXPOSE 10048
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["smsc-exporter", "probe"]
ENTRYPOINT ["smsc-exporter"]
CMD ["run"]
