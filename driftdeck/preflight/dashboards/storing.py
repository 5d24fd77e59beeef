"""What Grafana's database holds after the providers were read: folders and dashboards."""

from dataclasses import dataclass

from driftdeck.preflight.dashboards.boards import Board
from driftdeck.preflight.dashboards.providers import Provider
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import FOLDERS_APART, TAG_LENGTH, TITLES_FREE, Release
from driftdeck.preflight.state import State, StoredDashboard, StoredFolder, slug
from driftdeck.preflight.uids import complaint

LONGEST_TITLE, LONGEST_TAG = 5_000, 50
"""Characters of a title, bytes of a tag."""


@dataclass(frozen=True)
class Provided:
    """What a provider found on disk; None where its folder is not there."""

    provider: Provider
    boards: list[Board] | None


def apply(provided: list[Provided], state: State, reading: Reading) -> None:
    """Make the folders and save the dashboards."""
    names = {one.provider.name for one in provided}
    for gone in sorted(state.providers - names):
        kept = {d.file for d in state.dashboards if d.provider != gone}
        for old in state.dashboards:
            if old.provider != gone:
                continue
            if old.file not in kept:
                reading.report.doubtful(
                    old.place(),
                    "provider-gone",
                    f"provider {gone!r} is gone, so Grafana deletes dashboard {old.uid!r}; under"
                    " another provider's name it comes back with a new id",
                )
            state.dashboards.remove(old)
    state.providers = names
    earlier: Earlier = {}
    for one in provided:
        provider, boards = one.provider, one.boards
        if boards is None:
            continue
        _delete_missing(provider, boards, state)
        for board in boards:
            _save(board, provider, earlier, state, reading)
            for key in _identities(board, provider, reading.release):
                earlier.setdefault(key, (board, provider))
        if not boards and not provider.by_folders:
            _folder(provider, provider.folder, state, reading)


Earlier = dict[tuple[object, ...], tuple[Board, Provider]]
"""What the same start met first under each identity."""


def _identities(
    one: Board, provider: Provider, release: Release
) -> tuple[tuple[object, ...], tuple[object, ...]]:
    org = provider.org
    told_apart = slug if release < TITLES_FREE else str
    title = told_apart(one.candidate.folder), told_apart(one.title)
    return ("uid", org, one.uid), ("title", org, *title)


def _delete_missing(provider: Provider, boards: list[Board], state: State) -> None:
    there = {one.candidate.inside for one in boards}
    for one in state.dashboards:
        if one.provider != provider.name or one.file in there:
            continue
        if provider.disable_deletion:
            state.dashboards.move(one, "", one.file)
        else:
            state.dashboards.remove(one)


def _save(one: Board, provider: Provider, earlier: Earlier, state: State, reading: Reading) -> None:
    report, release, org = reading.report, reading.release, provider.org
    if said := one.claims.complaint(org, "" if provider.by_folders else provider.folder_uid):
        report.lost(one.place(), "organisation", f"{said}; the dashboard is left out")
        return
    if said := _unnamed(one, release):
        report.lost(one.place("title"), "no-title", f"the title {said}; the dashboard is left out")
        return
    if release >= TAG_LENGTH and (tag := next(filter(_too_long, one.tags), "")):
        report.lost(
            one.place("tags"),
            "tags",
            f"tag {tag!r} is longer than {LONGEST_TAG} bytes; the dashboard is left out",
        )
        return
    if said := complaint(one.uid):
        report.lost(
            one.uid_place(),
            "uid",
            f"uid {one.uid!r} {said}; the dashboard is left out",
        )
        return
    if not one.uid:
        report.doubtful(
            one.uid_place(), "no-uid", "without a uid (a text) each server makes up its own"
        )
    _folder(provider, one.candidate.folder, state, reading)
    taken = release < TITLES_FREE and one.uid
    if taken and any((f.org, f.uid) == (org, one.uid) for f in state.folders):
        report.lost(
            one.uid_place(),
            "uid",
            f"uid {one.uid!r} is the uid of a folder, so the dashboard is left out; change one",
        )
        return
    if release < TITLES_FREE and state.folder(org, one.title) is not None:
        certain = release < FOLDERS_APART
        (report.lost if certain else report.doubtful)(
            one.place("title"),
            "title-is-folder",
            f"{one.title!r} is the title of a folder, so the dashboard"
            f" {'is' if certain else 'may be'} not saved; rename one",
        )
        if certain:
            return
    if not _is_duplicate(one, provider, earlier, reading):
        _store(one, provider, state, reading)


def _is_duplicate(one: Board, provider: Provider, earlier: Earlier, reading: Reading) -> bool:
    """Whether the same start met its uid, or its title in the folder, already."""
    report = reading.report
    by_uid, by_title = _identities(one, provider, reading.release)
    same_uid = earlier.get(by_uid) if one.uid else None
    same_title = earlier.get(by_title)
    found = same_uid or same_title
    if found is not None:
        other, holder = found
        if other.file == one.file:
            report.doubtful(
                provider.place("options", "path"),
                "read-twice",
                f"{one.file} is read by {holder.name!r} too: the two take it from one"
                " another and stop writing; give each a folder of its own",
            )
            return True
        what = (
            f"uid {one.uid!r}"
            if same_uid
            else f"title {one.title!r} in folder {one.candidate.folder!r}"
        )
        both_there = same_uid is None and reading.release >= TITLES_FREE
        lost = "" if both_there else " one of the two is lost, and"
        (report.doubtful if both_there else report.lost)(
            one.uid_place() if same_uid else one.place("title"),
            "duplicate-uid" if same_uid else "duplicate-title",
            f"{other.file} has the same {what}:{lost} their provider stops writing what changes",
        )
        return not both_there
    return False


def _store(one: Board, provider: Provider, state: State, reading: Reading) -> None:
    """Save as Grafana does: the file is known by its path; up to 11 the title beats the uid."""
    org, name, inside = provider.org, provider.name, one.candidate.inside
    place = one.uid_place
    made = StoredDashboard(org, one.uid, one.title, slug(one.candidate.folder), name, inside, place)
    known = state.dashboards.of_file(name, inside)
    titled = state.dashboards.titled(org, one.title, made.folder)
    held = state.dashboards.of_uid(org, one.uid) if one.uid else None
    if reading.release >= TITLES_FREE:
        _store_by_uid(made, known, held, state, reading)
        return
    if known and one.uid and known.uid != one.uid and known.uid:
        reading.report.lost(
            one.uid_place(),
            "uid-changed",
            f"uid {known.uid!r} became {one.uid!r} in the same file: Grafana refuses it for ever"
            " and keeps the old dashboard; put the new one into a file of another name",
        )
        return
    if titled and titled is not known and titled.uid != one.uid:
        reading.report.lost(
            one.place("title"),
            "title-taken",
            f"the title {one.title!r} belongs to dashboard {titled.uid!r}: its content is"
            f" overwritten and {one.uid!r} is not made; give titles that were never used before",
        )
        state.dashboards.move(titled, name, inside)
        return
    for old in (known, held if held is not known else None):
        if old is not None:
            state.dashboards.remove(old)
    state.dashboards.add(made)


def _store_by_uid(
    made: StoredDashboard,
    known: StoredDashboard | None,
    held: StoredDashboard | None,
    state: State,
    reading: Reading,
) -> None:
    """Save where the uid is all. known: what the file was; held: what has the uid."""
    if known and not made.uid:
        return  # it keeps the uid that it has
    if known and known.uid not in ("", made.uid):
        reading.report.doubtful(
            made.place(),
            "uid-changed",
            f"uid {known.uid!r} became {made.uid!r} in the same file: Grafana makes a second"
            " dashboard and keeps the first; put the new one into a file of another name",
        )
    if known and known.folder and not made.folder:
        reading.report.doubtful(
            made.place(),
            "provider-folder",
            f"the provider has no folder any more; the dashboard stays in {known.folder!r} until"
            " its file changes",
        )
    if held is not None:
        state.dashboards.remove(held)
    state.dashboards.add(made)


def _unnamed(one: Board, release: Release) -> str:
    """What is wrong with a title, '' where nothing."""
    if not one.title:
        return "is empty"
    long = release >= TITLES_FREE and len(one.title) > LONGEST_TITLE
    return f"is longer than {LONGEST_TITLE:,} characters" if long else ""


def _too_long(tag: str) -> bool:
    return len(tag.encode()) > LONGEST_TAG


def _folder(provider: Provider, title: str, state: State, reading: Reading) -> None:
    """Find or make the folder of a title, as the provider's reader does."""
    if not title:
        return
    if reading.release >= TITLES_FREE:
        _folder_by_uid(provider, title, state, reading)
        return
    if provider.by_folders and title.strip().lower() == "general":
        reading.report.fatal(
            provider.place("options", "foldersFromFilesStructure"),
            "provider-folder",
            f"the folder {title} on disk would become the folder General; rename it",
        )
        return
    report, release, org = reading.report, reading.release, provider.org
    there = state.folder(org, title)
    dashboard = state.dashboards.titled(org, title)
    if dashboard and not there:
        certain = release < FOLDERS_APART
        (report.fatal if certain else report.doubtful)(
            provider.place("folder"),
            "folder-is-title",
            f"folder {title!r} bears the title of dashboard {dashboard.uid!r}; rename one",
        )
        if certain:
            return
    asked = "" if provider.by_folders else provider.folder_uid
    if there is not None:
        if asked and there.uid != asked:
            report.doubtful(
                provider.place("folderUid"),
                "folder-uid",
                f"folder {title!r} exists already"
                f"{' as the folder of alert rules' if there.alerting else ''}, so folderUid"
                f" {asked!r} is ignored; give the folders different titles",
            )
        return
    holder = next((f for f in state.folders if asked and (f.org, f.uid) == (org, asked)), None)
    if holder is not None:
        report.doubtful(
            provider.place("folderUid"),
            "folder-uid",
            f"folderUid {asked!r} belongs to folder {holder.title!r}, now named {title!r}",
        )
        holder.title = title
        return
    if asked and state.dashboards.of_uid(org, asked):
        report.fatal(provider.place("folderUid"), "uid", f"{asked!r} is the uid of a dashboard")
    state.folders.append(StoredFolder(org, title, asked, provider.place("folder"), False))


def _folder_by_uid(provider: Provider, title: str, state: State, reading: Reading) -> None:
    """Find or make a folder by its uid, or by its title where the provider names no uid."""
    org, uid = provider.org, "" if provider.by_folders else provider.folder_uid
    by_uid = next((f for f in state.folders if uid and (f.org, f.uid) == (org, uid)), None)
    by_title = state.folder(org, title)
    if by_uid is not None:
        if by_uid.title != title:
            reading.report.doubtful(
                provider.place("folder"),
                "folder-uid",
                f"folderUid {uid!r} belongs to folder {by_uid.title!r}, which keeps its title",
            )
        return
    if by_title is not None and not uid:
        return
    if by_title is not None:
        reading.report.doubtful(
            provider.place("folder"),
            "folder-twice",
            f"there is a folder {title!r} already"
            f"{', of alert rules' if by_title.alerting else ''}; there will be two of one title",
        )
    state.folders.append(StoredFolder(org, title, uid, provider.place("folder"), alerting=False))
