# All else that busta does: train, week, watch, retrain, the pipeline. Build from the root of the repository:
#   docker build --file deploy/train.Dockerfile --tag busta-train .
ARG BASE=docker.io/library/python:3.11.14-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_NO_CACHE=1 VIRTUAL_ENV=/opt/busta
COPY deploy/build.lock deploy/train.lock /build/
# The libraries' own tests are a tenth of their size; what is left is compiled, as nobody may write there later.
RUN python -m pip install --quiet --no-cache-dir --require-hashes --requirement /build/build.lock \
    && python -m venv --without-pip /opt/busta \
    && uv pip install --quiet --require-hashes --requirement /build/train.lock \
    && find /opt/busta -type d -name tests -prune -exec rm -r {} + \
    && python -m compileall -q -j 0 /opt/busta/lib
COPY pyproject.toml README.md LICENSE /build/source/
COPY src /build/source/src
WORKDIR /build/source
# The wheel is made by what the lock names, too, not by what its latest version happens to be.
RUN hatchling build -d /build/wheel -t wheel >/dev/null \
    && uv pip install --quiet --no-deps --compile-bytecode /build/wheel/*.whl

FROM ${BASE}
RUN python -m pip uninstall --quiet --quiet --yes --root-user-action ignore pip setuptools wheel \
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
