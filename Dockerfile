# Front, engine and worker in one image; the command says which. The workbench and the stand-ins are
# not in it (.dockerignore): they belong to `countersign up`. Runs as nobody's user, on a read-only root.
ARG PYTHON=3.13.9-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /build
COPY requirements.lock requirements-uv.lock ./
COPY bot/__init__.py bot/__init__.py
COPY bot/setup bot/setup
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-uv.lock \
    && python -m bot.setup.image > image.lock \
    && /opt/venv/bin/uv pip install --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode -r image.lock \
    && /opt/venv/bin/pip uninstall --yes uv pip

FROM python:${PYTHON}
RUN groupadd --system --gid 10001 countersign \
    && useradd --system --uid 10001 --gid countersign --no-create-home --shell /usr/sbin/nologin countersign
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY alembic.ini pyproject.toml ./
COPY bot bot
COPY flows flows
COPY integrations integrations
COPY workers workers
COPY migrations migrations
COPY manifests manifests
RUN /opt/venv/bin/python -m compileall -q bot flows integrations workers migrations
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=3000 \
    STATE_DIR=/tmp/countersign
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot.cli"]
CMD ["serve", "--role", "all"]
