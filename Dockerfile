# One image for the collectors, the migrations, the examples and the Evidently UI.
FROM python:3.12-slim-bookworm

ENV DO_NOT_TRACK=1 PYTHONUNBUFFERED=1 STACK_DIR=/data DATA_DIR=/data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
RUN useradd --uid 1000 --create-home driftdeck && mkdir /data && chown driftdeck /data
COPY pyproject.toml ./
COPY driftdeck driftdeck
COPY collectors collectors
COPY generator generator
COPY dashboards_src dashboards_src
COPY monitors monitors
COPY provisioning provisioning
COPY examples examples
USER driftdeck
ENTRYPOINT ["python", "-m", "driftdeck"]
