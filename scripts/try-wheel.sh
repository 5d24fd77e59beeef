#!/usr/bin/env bash
# Builds the wheel and tries it where nothing of this repository is: an empty environment, an empty
# folder. Usage: scripts/try-wheel.sh FOLDER, which is made; PYTHON chooses the interpreter.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?name a folder that is not there}
python=${PYTHON:-python3}
mkdir "$folder"
folder=$(cd "$folder" && pwd)

"$python" -m venv "$folder/tools"
"$folder/tools/bin/pip" install --quiet uv
"$folder/tools/bin/uv" build --quiet --wheel --out-dir "$folder/dist" "$here"
wheel=$(ls "$folder"/dist/*.whl)
echo "try-wheel: $(basename "$wheel")"

# What is pinned in a new project is found here, as it would be in an index.
export PIP_FIND_LINKS="$folder/dist" UV_FIND_LINKS="$folder/dist"
export PATH="$folder/tools/bin:$PATH"
unset PYTHONPATH
uv venv --quiet --python "$python" "$folder/venv"
uv pip install --quiet --python "$folder/venv/bin/python" "driftdeck[stack] @ file://$wheel"

cd "$folder"
"$folder/venv/bin/driftdeck" --version
"$folder/venv/bin/driftdeck" init mine
cd mine
make up PYTHON="$python"
make test
# A log in Parquet becomes a dashboard.
.venv/bin/python -c "
import pandas as pd
log = pd.read_csv('data/churn.csv', parse_dates=['predicted_at'])
log[['predicted_at', 'tenure_months', 'plan']].to_parquet('data/plans.parquet')"
make new NAME=plans FROM=data/plans.parquet ARGS="--owner you"
make up check
test -f provisioning/dashboards/plans.json
make down
echo "try-wheel: all of it works"
