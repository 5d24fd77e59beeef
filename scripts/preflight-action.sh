#!/usr/bin/env bash
# The GitHub Action's one step: install the pre-flight beside nothing else, and run it.
set -euo pipefail
home="${RUNNER_TEMP:-/tmp}/driftdeck-preflight"
"${PYTHON:-python3}" -m venv "$home"
"$home/bin/python" -m pip install --quiet "$(cd "$(dirname "$0")/.." && pwd)"
options=(--tree "$TREE" --format github)
[ -z "${GRAFANA:-}" ] || options+=(--grafana "$GRAFANA")
[ -z "${BEFORE:-}" ] || options+=(--before "$BEFORE")
while IFS= read -r line; do
  [ -z "$line" ] || options+=(--map "$line")
done <<< "${MAPS:-}"
exec "$home/bin/driftdeck-preflight" "${options[@]}"
