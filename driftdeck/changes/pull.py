"""Writes what was edited in Grafana as Python, proved before it is written."""

import re
from collections.abc import Sequence
from pathlib import Path

from driftdeck.changes.edits import commented, prove, same, source, styled
from driftdeck.changes.live import LiveResources, Shape
from driftdeck.changes.module import module_of, prove_module
from driftdeck.changes.plan import Kind, Target, plan
from driftdeck.changes.shape import new_layout, refusal, reshaped
from driftdeck.dashboards.edit import file_of
from driftdeck.facts import Json
from driftdeck.generator.artefacts import dashboard, pages
from driftdeck.generator.normalisation import normalise_dashboard
from driftdeck.generator.resources import Resource
from driftdeck.generator.v2 import in_rows
from driftdeck.grafana.objects import Objects
from driftdeck.settings import Settings


def pull(target: Target, uids: Sequence[str]) -> int:
    """Write what was edited in Grafana; 0 when all went well, 1 where a dashboard was left out.

    uids: of dashboards that are taken as Grafana has them, whoever changed what; by default those
    that a person edited there. One whose layout the source cannot say is left out, and how to go on
    is said. Raises UnprovedError, GrafanaError, SettingsError.
    """
    live = target.live()
    built = {page.uid: dashboard(page) for page in pages(target.settings)}
    edited = {step.resource.uid: step for step in plan(target, live) if step.kind is Kind.EDITED}
    wrote = left = 0
    for uid in uids or edited:
        if uid not in built:
            pulled = _module(target, uid)
            wrote, left = wrote + bool(pulled), left + (not pulled)
        elif reason := _unsayable(target, live, uid):
            left += 1
            print(reason)
        elif not uids and edited[uid].pending:
            left += 1
            print(
                f"{edited[uid].resource.name}: the source changed since, too, and what Grafana has"
                f" would undo that; put the change aside, pull, and bring it back, or take"
                f" Grafana's: make pull UID={uid}"
            )
        elif ("dashboard", uid) in live.resources:
            wrote += _edits(target, live.resources["dashboard", uid], built[uid])
    if wrote or not left:
        print(f"{wrote} files written" if wrote else "nothing to pull: the source builds it all")
    return int(bool(left))


def _edits(target: Target, there: Resource, built: Json) -> bool:
    """Write the edits that make what Grafana has of what a module makes."""
    wanted = normalise_dashboard(target.built["dashboard", there.uid].content, there.content)
    path = target.settings.edits_dir / file_of(_name(target.settings, there.uid))
    return _write(path, source(built, wanted), built, wanted)


def _unsayable(target: Target, live: LiveResources, uid: str) -> str:
    """Why a dashboard's layout has no words in the source; '' where it has."""
    shape, built = live.shapes.get(uid), target.built["dashboard", uid]
    if shape is None or not new_layout(shape):
        return ""
    if not reshaped(shape, built.content, v2=target.v2):
        return ""
    return refusal(built.name, uid, shape, built=True, v2=target.v2)


def _module(target: Target, uid: str) -> bool:
    """Write the module of a dashboard that no module builds; False where its layout forbids."""
    content = target.grafana.get(f"/api/dashboards/uid/{uid}")["dashboard"]
    objects = Objects.of(target.grafana)
    if objects and (spec := objects.spec(uid)):
        shape = Shape.of(spec)
        if new_layout(shape):
            print(refusal(content["title"], uid, shape, built=False, v2=target.v2))
            return False
        content = in_rows(content, spec["layout"], content)
    text = styled(module_of(content))
    prove_module(text, content)
    name = re.sub(r"[^a-z0-9]+", "_", content["title"].lower()).strip("_") or "pulled"
    path = target.settings.dashboards_dir / f"{'d' if name[:1].isdigit() else ''}{name}.py"
    if path.exists():  # another dashboard of this title
        path = path.with_stem(f"{path.stem}_{re.sub(r'[^a-z0-9]+', '_', uid.lower())}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path.parent.name}/{path.name}")
    return True


def _name(settings: Settings, uid: str) -> str:
    return uid.removeprefix(settings.uid_prefix)


def _write(path: Path, text: str, before: Json, after: Json) -> bool:
    """Write a file that is proved, or take it away where nothing differs; whether it changed."""
    if not text:
        there = path.exists()
        path.unlink(missing_ok=True)
        return there
    earlier = path.read_text(encoding="utf-8") if path.exists() else ""
    text = commented(styled(text), earlier)
    prove(text, before, after)
    if earlier and same(earlier, text):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path.parent.name}/{path.name}")
    return True
