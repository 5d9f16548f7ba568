# All else that busta does: train, week, watch, retrain, the pipeline. Build from the root of the repository:
#   docker build --file deploy/train.Dockerfile --tag busta-train .
ARG BASE=docker.io/library/python:3.11.14-slim-bookworm

FROM ${BASE} AS build
COPY deploy/build.lock deploy/train.lock /build/
RUN python -m venv /build/tools \
    && /build/tools/bin/pip install --quiet --no-cache-dir --require-hashes --requirement /build/build.lock \
    && python -m venv --without-pip /opt/busta \
    && /build/tools/bin/pip --python /opt/busta/bin/python install --quiet --no-cache-dir --require-hashes \
        --requirement /build/train.lock
COPY pyproject.toml README.md LICENSE /build/source/
COPY src /build/source/src
RUN /build/tools/bin/pip wheel --quiet --no-cache-dir --no-deps --no-build-isolation --wheel-dir /build/wheel /build/source \
    && /build/tools/bin/pip --python /opt/busta/bin/python install --quiet --no-cache-dir --no-deps /build/wheel/*.whl

FROM ${BASE}
RUN python -m pip uninstall --quiet --yes --root-user-action ignore pip setuptools wheel \
    && useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin busta \
    && install --directory --owner busta /workspace
COPY --from=build /opt/busta /opt/busta
ENV PATH=/opt/busta/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    BUSTA_HOME=/workspace \
    BUSTA_LOGS__FORMAT=json
USER 1000
WORKDIR /workspace
VOLUME /workspace
HEALTHCHECK --interval=60s --timeout=30s --retries=3 CMD ["busta", "--version"]
ENTRYPOINT ["busta"]
CMD ["--help"]
