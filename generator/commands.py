"""What `driftdeck build`, `check`, `diff` and `retire` do with what Grafana reads."""

from driftdeck.errors import ExitCode
from driftdeck.garbage import pause_collection
from driftdeck.generator import reference
from driftdeck.generator.artefacts import artefacts, pages, unused_edits
from driftdeck.generator.files import stale, write
from driftdeck.generator.gate import before, own, withheld_variables
from driftdeck.generator.resources import describe, differences, markdown, read_resources
from driftdeck.generator.retirements import FILE, KINDS, add, identify
from driftdeck.generator.stale_thresholds import stale_thresholds
from driftdeck.generator.v2 import tree
from driftdeck.preflight.choice import Choice
from driftdeck.preflight.command import show
from driftdeck.preflight.state import FIRST
from driftdeck.project import Project


@pause_collection()
def build(project: Project, *, v2: bool = False) -> int:
    """Write every generated file. v2: dashboards as objects, into a folder of their own."""
    return _build_objects(project) if v2 else _build(project)


def _build(project: Project) -> int:
    every = pages(project)
    wanted = artefacts(project, every=every)
    changed = write(project.provisioning_dir, wanted)
    for name in changed:
        print(f"{'wrote' if name in wanted else 'removed'} {name}")
    page = reference.reference(project, every)
    if reference.present(project) != page:
        path = reference.path(project)
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, encoding="utf-8")
        print(f"wrote docs/{path.name}")
    print(f"{len(wanted)} files, {len(changed)} changed")
    return ExitCode.DONE


def _build_objects(project: Project) -> int:
    count, changed = tree.write(project, artefacts(project))
    for name in changed:
        print(f"wrote {project.objects_dir.name}/{name}")
    print(f"{count} files, {len(changed)} changed")
    return ExitCode.DONE


@pause_collection()
def check(project: Project, choice: Choice | None = None, *, form: str = "text") -> int:
    """Print what is stale, or would be refused by Grafana; 1 if there is any.

    choice: which findings of the pre-flight count. form: text, json or github.
    """
    wanted, problems = _stale(project)
    for problem in problems:
        print(problem)
    findings, against = own(project)
    findings = (choice or Choice()).among(findings)
    refused = show(findings, form)
    if form == "text":
        if any(FIRST in finding.message for finding in findings):
            print("`driftdeck retire KIND NAME` writes such a deletion")
        count = len(problems) + len(findings)
        print(f"{wanted} files checked against the source and {against}: {count} problems")
    return ExitCode.FAILED if problems or refused else ExitCode.DONE


def _stale(project: Project) -> tuple[int, list[str]]:
    """How many files the source builds, and a sentence for each that is not as it says."""
    every = pages(project)
    wanted = artefacts(project, every=every)
    name = project.provisioning_dir.name
    problems = [
        f"{name}/{path}: is not what the source builds; run `driftdeck build`"
        for path in stale(project.provisioning_dir, wanted)
    ]
    problems += [
        f"{project.objects_dir.name}/{path}: is not what the source builds;"
        " run `driftdeck build --format v2`"
        for path in tree.stale(project, wanted)
    ]
    if reference.present(project) != reference.reference(project, every):
        problems.append("docs/reference.md: is not what the source builds; run `driftdeck build`")
    problems += unused_edits(project, wanted) + stale_thresholds(project)
    return len(wanted), problems + withheld_variables(project)


@pause_collection()
def diff(
    project: Project, base: str = "", *, as_markdown: bool = False, exit_code: bool = False
) -> int:
    """Print what the source changes, by panel and field.

    base: a revision of git, by default the main branch. exit_code: 3 if something differs.
    Raises NoRevisionError.
    """
    files, against = before(project, base)
    differing = differences(read_resources(files), read_resources(artefacts(project)))
    if as_markdown:
        print(markdown(differing), end="")
    else:
        for difference in differing:
            print(*describe(difference), sep="\n")
        print(f"{len(differing)} things differ from {against}")
    return ExitCode.DIFFERS if differing and exit_code else ExitCode.DONE


def retire(project: Project, kind: str, name: str) -> int:
    """Have Grafana delete a resource that no file holds any more.

    kind: of `retirements.SECTIONS`.
    """
    path = project.provisioning_dir / FILE
    new = add(path, kind, name)
    print(f"{kind} {name} is {'now' if new else 'already'} in {path.name}")
    return build(project) if new else ExitCode.DONE


@pause_collection()
def retire_gone(project: Project) -> int:
    """Have Grafana delete whatever the main revision's files hold and no file holds any more.

    Raises NoRevisionError.
    """
    path = project.provisioning_dir / FILE
    files, revision = before(project)
    stored, built = read_resources(files), read_resources(artefacts(project))
    gone = [stored[key] for key in sorted(stored.keys() - built.keys()) if key[0] in KINDS]
    added = [identify(resource) for resource in gone if add(path, *identify(resource))]
    for kind, name in added:
        print(f"{kind} {name} is now in {path.name}")
    print(f"{len(added)} retired that {revision} has")
    return build(project) if added else ExitCode.DONE
