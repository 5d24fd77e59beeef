"""Writes what was edited in Grafana as Python, proved before it is written."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from changes.edits import prove, source, styled
from changes.module import module_of, prove_module
from changes.plan import Target
from dashboards_src.edit import file_of
from dashboards_src.given import FOLDER
from generator.artefacts import dashboard, pages
from generator.noise import without_noise
from settings import Settings

Json = dict[str, Any]


def pull(target: Target, uids: Sequence[str]) -> int:
    """Write the edits of dashboards, of all that differ by default; 0 when all went well.

    Raises UnprovedError, GrafanaError, SettingsError.
    """
    live = target.live()
    unknown = [uid for uid in uids if ("dashboard", uid) not in target.built]
    made = {page.uid: dashboard(page) for page in pages(target.settings)}
    wrote = 0
    for (kind, uid), thing in sorted(live.things.items()):
        if kind != "dashboard" or uid not in made or (uids and uid not in uids):
            continue
        built = target.built[kind, uid].content
        wanted = without_noise(built, thing.content)
        if wanted == built:
            continue
        path = target.settings.edits_dir / file_of(_name(target.settings, uid))
        wrote += _write(path, source(made[uid], wanted), made[uid], wanted)
    for uid in unknown:
        wrote += _module(target, uid)
    print(f"{wrote} files written" if wrote else "nothing to pull: the source builds it all")
    return 0


def _module(target: Target, uid: str) -> bool:
    """Write the module of a dashboard that no module builds."""
    content = target.grafana.get(f"/api/dashboards/uid/{uid}")["dashboard"]
    text = styled(module_of(content))
    prove_module(text, content)
    name = re.sub(r"[^a-z0-9]+", "_", content["title"].lower()).strip("_") or "pulled"
    path = FOLDER / f"{'d' if name[:1].isdigit() else ''}{name}.py"
    path.write_text(text, encoding="utf-8")
    print(f"wrote dashboards_src/{path.parent.name}/{path.name}")
    return True


def _name(settings: Settings, uid: str) -> str:
    return uid.removeprefix(settings.uid_prefix)


def _write(path: Path, text: str, before: Json, after: Json) -> bool:
    """Write a file that is proved, or take it away where nothing differs; whether it changed."""
    if not text:
        there = path.exists()
        path.unlink(missing_ok=True)
        return there
    text = styled(text)
    prove(text, before, after)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path.parent.name}/{path.name}")
    return True
