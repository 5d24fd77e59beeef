"""What holds of every Grafana and its PostgreSQL, said once.

Standard library only, so that the pre-flight can import it wherever it is installed.
"""

from typing import Any

Json = dict[str, Any]
"""An object of JSON or YAML: a dashboard, a panel, a rule."""
