"""Records Grafana's responses in a file and replays them, so that a proof needs no Grafana."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from driftdeck.verify.provisioning import Provisioning

Key = tuple[str, str, str]


def _key(request: httpx.Request) -> Key:
    body = json.loads(request.content) if request.content else None
    if request.url.path == "/login":
        body = None  # it holds the password
    return request.method, request.url.raw_path.decode(), json.dumps(body, sort_keys=True)


class Recorder(httpx.BaseTransport):
    """Passes requests on and keeps the last response to each. Keeps no password."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self._answers: dict[Key, tuple[int, Any]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The server's response. Raises httpx.TransportError."""
        response = self._inner.handle_request(request)
        response.read()
        content = json.loads(response.content) if response.content else None
        self._answers[_key(request)] = response.status_code, content
        cookies = [header for header in response.headers.multi_items() if header[0] == "set-cookie"]
        return httpx.Response(response.status_code, headers=cookies, json=content, request=request)

    def write(
        self, path: Path, built: Provisioning, began: datetime, log: str | None, home: str
    ) -> None:
        """Write everything that a proof needs to a JSON file. log: the server's lines, None where
        there are none. home: a path of this machine that is written as /stack."""
        answers = [
            {"method": method, "path": target, "body": body, "status": status, "answer": content}
            for (method, target, body), (status, content) in sorted(self._answers.items())
        ]
        excuses = {uid: dict(panels) for uid, panels in built.may_be_empty.items()}
        lines = [line for line in (log or "").splitlines() if "logger=provisioning" in line]
        document = {
            "began": began.isoformat(),
            "log": "\n".join(lines) if log is not None else None,
            "files": dict(built.files),
            "may_be_empty": excuses,
            "answers": answers,
        }
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text.replace(home, "/stack"), encoding="utf-8")


@dataclass
class Recording(httpx.BaseTransport):
    """A recorded server: gives the recorded responses, and 404 to all other requests."""

    began: datetime
    log: str | None
    built: Provisioning
    answers: dict[Key, tuple[int, Any]]

    @classmethod
    def read(cls, path: Path) -> "Recording":
        """A recording from its file."""
        document = json.loads(path.read_text(encoding="utf-8"))
        excuses: Mapping[str, Mapping[int, str]] = {
            uid: {int(number): reason for number, reason in panels.items()}
            for uid, panels in document["may_be_empty"].items()
        }
        answers = {
            (exchange["method"], exchange["path"], exchange["body"]): (
                exchange["status"],
                exchange["answer"],
            )
            for exchange in document["answers"]
        }
        built = Provisioning(document["files"], excuses)
        return cls(datetime.fromisoformat(document["began"]), document["log"], built, answers)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded response."""
        missing: tuple[int, Any] = (404, {"message": "this was not asked when it was recorded"})
        status, content = self.answers.get(_key(request), missing)
        return httpx.Response(status, json=content, request=request)
