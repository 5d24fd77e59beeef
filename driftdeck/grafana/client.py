"""Grafana's HTTP API, as far as proving a stack needs it."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from driftdeck.errors import DriftdeckError
from driftdeck.facts import Json
from driftdeck.settings import Settings


class GrafanaError(DriftdeckError):
    """An answer that says no: names the request and what Grafana said. status: of HTTP, or 0."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


NEEDED = {
    "/api/datasources": "Admin, or datasources:read, :create and :write; or set datasource ="
    ' "existing"',
    "/api/v1/provisioning": "Editor, or alert.provisioning:read and :write",
    "/api/admin": "a Grafana administrator, who alone has files read again",
    "/api/plugins": "Admin, or plugins.app:access",
}
"""By the beginning of a path, the first that fits: who may ask it."""


def refusal(method: str, path: str, answer: httpx.Response) -> str:
    """What a request lacks that Grafana refuses, and how to give it."""
    if answer.status_code == 401:
        return (
            f"{method} {path}: Grafana knows no such login; make a new token for the service"
            " account and set GRAFANA_TOKEN"
        )
    try:
        message = str(answer.json().get("message", ""))
    except ValueError:
        message = answer.text[:300]
    needed = next((who for begin, who in NEEDED.items() if path.startswith(begin)), "Editor")
    return f"{method} {path}: refused: {message}; give the account of GRAFANA_TOKEN {needed}"


def silence(settings: Settings) -> str:
    """What to say where nothing answers, with the mend: another's Grafana is not started here."""
    mend = "does it run, is GRAFANA_URL right?" if settings.grafana_url else "run `make up`"
    return f"nothing answers at {settings.grafana}; {mend}"


class Grafana:
    """A client that logs in as the administrator, or as the service account of GRAFANA_TOKEN."""

    def __init__(
        self,
        settings: Settings,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        token = settings.grafana_token
        login = (settings.grafana_admin_user, settings.grafana_admin_password)
        self._login = None if token else login
        self._client = httpx.Client(
            base_url=settings.grafana,
            auth=self._login,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout,
            transport=transport,
        )

    def get(self, path: str, **parameters: str) -> Any:
        """The JSON of a GET. Raises GrafanaError."""
        return self._answer("GET", path, self._client.get(path, params=parameters))

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The JSON of a POST. Raises GrafanaError."""
        return self._answer("POST", path, self._client.post(path, json=body))

    def put(
        self, path: str, body: Mapping[str, object], *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON of a PUT. Raises GrafanaError."""
        return self._answer("PUT", path, self._client.put(path, json=body, headers=headers))

    def delete(self, path: str) -> None:
        """A DELETE. Raises GrafanaError."""
        self._answer("DELETE", path, self._client.delete(path))

    def health(self) -> Json | None:
        """What /api/health says, None where nothing answers."""
        try:
            answer = self._client.get("/api/health", timeout=5)
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def logged_in(self) -> bool:
        """Whether the password, or the token, is right.

        A session is opened where one can be: hashing the password at each request costs 50 ms.
        """
        if self._login is not None:
            user, password = self._login
            answer = self._client.post("/login", json={"user": user, "password": password})
            if answer.status_code == 200:
                self._client.auth = httpx.Auth()
        return self._client.get("/api/search", params={"limit": "1"}).status_code == 200

    def reload(self) -> None:
        """Have a running server read its provisioning again. Raises GrafanaError."""
        for kind in ("datasources", "alerting", "dashboards"):
            self.post(f"/api/admin/provisioning/{kind}/reload", {})

    def queries(self, start: str, end: str, queries: Sequence[Json]) -> Json:
        """Results by refId; a query that fails comes back with its error, not as an exception."""
        body = {"from": start, "to": end, "queries": list(queries)}
        answer = self._client.post("/api/ds/query", json=body)
        content = answer.json() if answer.content else {}
        if "results" not in content:
            raise GrafanaError(f"POST /api/ds/query: {answer.status_code} {content}")
        results: Json = content["results"]
        return results

    @staticmethod
    def _answer(method: str, path: str, answer: httpx.Response) -> Any:
        if answer.status_code >= 400:
            message = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            if answer.status_code in (401, 403):
                message = refusal(method, path, answer)
            raise GrafanaError(message, answer.status_code)
        return answer.json() if answer.content else None
