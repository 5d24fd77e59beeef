"""Grafana's answers, kept in a file and given again, so that a proof can be repeated without it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from driftdeck.verify.built import Built

Key = tuple[str, str, str]


def _key(request: httpx.Request) -> Key:
    body = json.loads(request.content) if request.content else None
    if request.url.path == "/login":
        body = None  # it holds the password
    return request.method, request.url.raw_path.decode(), json.dumps(body, sort_keys=True)


class Recorder(httpx.BaseTransport):
    """Passes requests on and keeps the last answer to each. Keeps no password."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self._answers: dict[Key, tuple[int, Any]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The server's answer. Raises httpx.TransportError."""
        answer = self._inner.handle_request(request)
        answer.read()
        content = json.loads(answer.content) if answer.content else None
        self._answers[_key(request)] = answer.status_code, content
        cookies = [one for one in answer.headers.multi_items() if one[0] == "set-cookie"]
        return httpx.Response(answer.status_code, headers=cookies, json=content, request=request)

    def write(self, path: Path, built: Built, began: datetime, log: str | None, home: str) -> None:
        """Keep everything that a proof needs in one JSON file. home: a path to leave out of it."""
        answers = [
            {"method": method, "path": where, "body": body, "status": status, "answer": content}
            for (method, where, body), (status, content) in sorted(self._answers.items())
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
    """A recorded server: answers what was asked of it then, and 404 to the rest."""

    began: datetime
    log: str | None
    built: Built
    answers: dict[Key, tuple[int, Any]]

    @classmethod
    def read(cls, path: Path) -> "Recording":
        """A recording from its file."""
        document = json.loads(path.read_text(encoding="utf-8"))
        excuses: Mapping[str, Mapping[int, str]] = {
            uid: {int(number): why for number, why in panels.items()}
            for uid, panels in document["may_be_empty"].items()
        }
        answers = {
            (one["method"], one["path"], one["body"]): (one["status"], one["answer"])
            for one in document["answers"]
        }
        built = Built(document["files"], excuses)
        return cls(datetime.fromisoformat(document["began"]), document["log"], built, answers)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded answer."""
        missing: tuple[int, Any] = (404, {"message": "this was not asked when it was recorded"})
        status, content = self.answers.get(_key(request), missing)
        return httpx.Response(status, json=content, request=request)
