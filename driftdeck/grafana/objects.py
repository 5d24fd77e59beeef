"""Dashboards as a Grafana from 12 on stores them: in the classic form, or as v2 with its layout."""

from collections.abc import Mapping
from dataclasses import dataclass

from driftdeck.facts import Json
from driftdeck.generator.differences import Change
from driftdeck.generator.v2 import API, GROUP, differences
from driftdeck.grafana.client import Grafana, GrafanaError

FOLDER, MESSAGE = "grafana.app/folder", "grafana.app/message"
TOGGLE = "dashboardNewLayouts"


@dataclass(frozen=True)
class Objects:
    """The dashboards of a Grafana's newer API.

    namespace: of the organisation. draws: whether its browser shows tabs and auto grids.
    """

    grafana: Grafana
    namespace: str
    draws: bool

    @classmethod
    def of(cls, grafana: Grafana) -> "Objects | None":
        """None where this Grafana has no such API, as before 12. Raises GrafanaError."""
        try:
            settings = grafana.get("/api/frontend/settings")
        except GrafanaError as error:
            if error.status == 404:
                return None
            raise
        if not settings.get("namespace"):
            return None
        major = str(settings.get("buildInfo", {}).get("version", "")).partition(".")[0]
        toggles: Mapping[str, bool] = settings.get("featureToggles") or {}
        new = major.isdigit() and int(major) >= 13
        return cls(grafana, settings["namespace"], new or bool(toggles.get(TOGGLE)))

    def spec(self, uid: str) -> Json | None:
        """What is stored as v2 of a dashboard; None where it is stored in the classic form.

        An answer says in which version the object is stored, but in that very version it says what
        was true before the newest save (12.4): so two versions are asked, and both must say v2.
        Raises GrafanaError.
        """
        for version in ("v1beta1", "v0alpha1"):
            try:
                answer = self.grafana.get(self._path(uid, f"{GROUP}/{version}"))
            except GrafanaError as error:
                if error.status != 404:
                    raise
                if version == "v1beta1":
                    return None
                continue  # a release that has dropped the older version
            stored = (answer.get("status") or {}).get("conversion", {}).get("storedVersion", "")
            if not str(stored).startswith("v2"):
                return None
        spec: Json = self.grafana.get(self._path(uid))["spec"]
        return spec

    def put(self, wanted: Json, folder: str, message: str) -> list[Change]:
        """Store an object, and say in what the stored one differs. Raises GrafanaError.

        What is there keeps its other annotations: they say which file it came from, and without
        them the next reading of the files would overwrite it.
        """
        uid = wanted["metadata"]["name"]
        ours = {FOLDER: folder, MESSAGE: message}
        try:
            there = self.grafana.get(self._path(uid))["metadata"]
        except GrafanaError as error:
            if error.status != 404:
                raise
            metadata = {**wanted["metadata"], "annotations": ours}
            self.grafana.post(self._path(""), {**wanted, "metadata": metadata})
        else:
            metadata = {
                key: there[key] for key in ("name", "resourceVersion", "labels") if key in there
            }
            metadata["annotations"] = {**there.get("annotations", {}), **ours}
            self.grafana.put(self._path(uid), {**wanted, "metadata": metadata})
        return differences(wanted["spec"], self.grafana.get(self._path(uid))["spec"])

    def _path(self, uid: str, api: str = API) -> str:
        path = f"/apis/{api}/namespaces/{self.namespace}/dashboards"
        return f"{path}/{uid}" if uid else path
