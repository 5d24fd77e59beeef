"""A Grafana in memory: what plan, apply and pull ask of the real one's API."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from driftdeck.facts import Json


@dataclass
class Fake:
    """A Grafana in memory: as much of its API as changes need, with what it adds by itself.

    release: from 12 on it stores objects, too. objects: specs of what is stored as v2, whose
    classic form is in `dashboards`. classic: the form that it makes of an object, by uid.
    notes: an object's annotations.
    """

    folders: dict[str, str] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)
    saved: dict[str, tuple[str, str]] = field(default_factory=dict)
    rules: dict[str, Json] = field(default_factory=dict)
    intervals: dict[str, int] = field(default_factory=dict)
    sources: dict[str, Json] = field(default_factory=dict)
    points: dict[str, Json] = field(default_factory=dict)
    policies: Json = field(default_factory=lambda: {"receiver": "grafana-default-email"})
    release: str = "9.4.0"
    objects: dict[str, Json] = field(default_factory=dict)
    classic: dict[str, Json] = field(default_factory=dict)
    notes: dict[str, Json] = field(default_factory=dict)
    toggle: bool = True
    broken: str = ""
    wrote: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        path, method = request.url.path, request.method
        body = json.loads(request.content) if request.content else {}
        if method != "GET" and path != "/login":
            self.wrote.append(f"{method} {path}")
            if self.broken and self.broken in path:
                return httpx.Response(500, json={"message": "it is broken"})
        found = self.answer(method, path, body)
        return httpx.Response(404 if found is None else 200, json=found)

    def answer(self, method: str, path: str, body: Json) -> Any:  # noqa: PLR0911, PLR0912 (an API)
        """The JSON of an answer, None for what is not there."""
        name = path.rpartition("/")[2]
        if path == "/api/health":
            return {"version": self.release}
        if path == "/api/frontend/settings":
            old = self.release.startswith("9")
            toggles = {"dashboardNewLayouts": True} if self.toggle else {}
            new = {"namespace": "default", "featureToggles": toggles}
            return {"buildInfo": {"version": self.release}, **({} if old else new)}
        if path.startswith("/apis/"):
            return self._object(method, path.split("/")[3], name, body)
        if path == "/login":
            return {}
        if path == "/api/folders":
            if method == "POST" and body["uid"] in self.folders:
                return None  # a folder of this uid is refused: 412 of the real one
            if method == "POST":
                self.folders[body["uid"]] = body["title"]
                return body
            return [{"uid": uid, "title": title} for uid, title in self.folders.items()]
        if path.startswith("/api/folders/"):
            self.folders[name] = body["title"]
            return body
        if path == "/api/search":
            return [{"uid": uid} for uid in self.dashboards]
        if path == "/api/dashboards/db":
            uid = body["dashboard"]["uid"]
            version = self.dashboards.get(uid, {}).get("version", 0) + 1
            self.dashboards[uid] = {**body["dashboard"], "id": 7, "version": version}
            self.saved[uid] = "token", body["message"]
            self.objects.pop(uid, None)
            return {"uid": uid}
        if path.endswith("/versions"):
            return [{"message": self.saved[path.split("/")[-2]][1]}]
        if path.startswith("/api/dashboards/uid/"):
            if method == "DELETE":
                return {"gone": bool(self.dashboards.pop(name))}
            meta = {"updatedBy": self.saved[name][0], "folderTitle": "Model monitoring"}
            return {"dashboard": self.dashboards[name], "meta": meta}
        if path.startswith("/api/datasources"):
            return self._kept(self.sources, method, name, body, path == "/api/datasources")
        if "rule-groups" in path:
            if method == "PUT":
                self.intervals[name] = body["interval"]
            return {"interval": self.intervals.get(name, 60)}
        if path.startswith("/api/v1/provisioning/alert-rules"):
            return self._kept(self.rules, method, name, body, path.endswith("alert-rules"))
        if path.startswith("/api/v1/provisioning/contact-points"):
            return self._kept(self.points, method, name, body, path.endswith("contact-points"))
        if path == "/api/v1/provisioning/policies":
            if method == "PUT":
                self.policies = body
            if method == "DELETE":
                self.policies = {"receiver": "grafana-default-email"}
            return self.policies
        raise AssertionError(f"{method} {path}")

    def _object(self, method: str, version: str, name: str, body: Json) -> Any:
        """In the version in which an object is stored, the answer says what was true before."""
        if method != "GET":
            assert version == "v2beta1"
            uid = body["metadata"]["name"]
            self.objects[uid] = body["spec"]
            self.dashboards[uid] = {**self.classic[uid], "id": 7, "version": 1}
            self.notes[uid] = body["metadata"]["annotations"]
            self.saved[uid] = "token", self.notes[uid].get("grafana.app/message", "")
            return body
        if name not in self.dashboards:
            return None
        v2 = name in self.objects
        stored = "v2beta1" if v2 or version == "v0alpha1" else "v0alpha1"
        metadata = {"name": name, "resourceVersion": "1", "annotations": {"manager": "files"}}
        status = {"conversion": {"storedVersion": stored}}
        spec = self.objects.get(name, {}) if version == "v2beta1" else {}
        return {"metadata": metadata, "spec": spec, "status": status}

    @staticmethod
    def _kept(kept: dict[str, Json], method: str, name: str, body: Json, every: bool) -> Any:
        if method == "DELETE":
            return kept.pop(name)
        if method == "GET":
            return list(kept.values()) if every else kept.get(name)
        kept[body["uid"]] = {**kept.get(name, {}), **body}
        return body
