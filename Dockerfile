# One image for the collectors, the migrations, the examples and the Evidently UI.
FROM python:3.12-slim-bookworm

ENV DO_NOT_TRACK=1 PYTHONUNBUFFERED=1 STACK_DIR=/data DATA_DIR=/data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
RUN useradd --uid 1000 --create-home driftdeck && mkdir /data && chown driftdeck /data
# What .dockerignore lets through; the examples, if they are here.
COPY . .
USER driftdeck
ENTRYPOINT ["python", "-m", "driftdeck"]
