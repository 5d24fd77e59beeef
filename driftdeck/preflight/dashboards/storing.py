"""What Grafana's database holds after the providers were read: folders and dashboards."""

from driftdeck.preflight.dashboards.files import Dashboard
from driftdeck.preflight.dashboards.providers import Provider
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import FOLDERS_APART, TAG_LENGTH, TITLES_FREE, Release
from driftdeck.preflight.state import State, StoredDashboard, StoredFolder, slug
from driftdeck.preflight.uids import complaint

LONGEST_TITLE, LONGEST_TAG = 5_000, 50
"""Characters of a title, bytes of a tag."""


Provision = tuple[Provider, list[Dashboard] | None]
"""A provider and the dashboards that it reads; None where its folder is not there."""


def apply(provisions: list[Provision], state: State, reading: Reading) -> None:
    """Make the folders and save the dashboards."""
    names = {provider.name for provider, _ in provisions}
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
    for provider, dashboards in provisions:
        if dashboards is None:
            continue
        _delete_missing(provider, dashboards, state)
        for dashboard in dashboards:
            _save(dashboard, provider, earlier, state, reading)
            for key in _identities(dashboard, provider, reading.release):
                earlier.setdefault(key, (dashboard, provider))
        if not dashboards and not provider.by_folders:
            _folder(provider, provider.folder, state, reading)


Earlier = dict[tuple[object, ...], tuple[Dashboard, Provider]]
"""What the same start met first under each identity."""


def _identities(
    dashboard: Dashboard, provider: Provider, release: Release
) -> tuple[tuple[object, ...], tuple[object, ...]]:
    org = provider.org
    told_apart = slug if release < TITLES_FREE else str
    title = told_apart(dashboard.file.folder), told_apart(dashboard.title)
    return ("uid", org, dashboard.uid), ("title", org, *title)


def _delete_missing(provider: Provider, dashboards: list[Dashboard], state: State) -> None:
    there = {dashboard.file.inside for dashboard in dashboards}
    for stored in state.dashboards:
        if stored.provider != provider.name or stored.file in there:
            continue
        if provider.disable_deletion:
            state.dashboards.move(stored, "", stored.file)
        else:
            state.dashboards.remove(stored)


def _save(
    dashboard: Dashboard, provider: Provider, earlier: Earlier, state: State, reading: Reading
) -> None:
    report, release, org = reading.report, reading.release, provider.org
    if problem := dashboard.claims.complaint(
        org, "" if provider.by_folders else provider.folder_uid
    ):
        report.lost(dashboard.place(), "organisation", f"{problem}; the dashboard is left out")
        return
    if problem := _unnamed(dashboard, release):
        report.lost(
            dashboard.place("title"), "no-title", f"the title {problem}; the dashboard is left out"
        )
        return
    if release >= TAG_LENGTH and (tag := next(filter(_too_long, dashboard.tags), "")):
        report.lost(
            dashboard.place("tags"),
            "tags",
            f"tag {tag!r} is longer than {LONGEST_TAG} bytes; the dashboard is left out",
        )
        return
    if problem := complaint(dashboard.uid):
        report.lost(
            dashboard.uid_place(),
            "uid",
            f"uid {dashboard.uid!r} {problem}; the dashboard is left out",
        )
        return
    if not dashboard.uid:
        report.doubtful(
            dashboard.uid_place(), "no-uid", "without a uid (a text) each server makes up its own"
        )
    _folder(provider, dashboard.file.folder, state, reading)
    taken = release < TITLES_FREE and dashboard.uid
    if taken and any((f.org, f.uid) == (org, dashboard.uid) for f in state.folders):
        report.lost(
            dashboard.uid_place(),
            "uid",
            f"uid {dashboard.uid!r} is the uid of a folder, so the dashboard is left out;"
            " change one",
        )
        return
    if release < TITLES_FREE and state.folder(org, dashboard.title) is not None:
        certain = release < FOLDERS_APART
        (report.lost if certain else report.doubtful)(
            dashboard.place("title"),
            "title-is-folder",
            f"{dashboard.title!r} is the title of a folder, so the dashboard"
            f" {'is' if certain else 'may be'} not saved; rename one",
        )
        if certain:
            return
    if not _is_duplicate(dashboard, provider, earlier, reading):
        _store(dashboard, provider, state, reading)


def _is_duplicate(
    dashboard: Dashboard, provider: Provider, earlier: Earlier, reading: Reading
) -> bool:
    """Whether the same start met its uid, or its title in the folder, already."""
    report = reading.report
    by_uid, by_title = _identities(dashboard, provider, reading.release)
    same_uid = earlier.get(by_uid) if dashboard.uid else None
    same_title = earlier.get(by_title)
    earlier_one = same_uid or same_title
    if earlier_one is not None:
        other, holder = earlier_one
        if other.file.path == dashboard.file.path:
            report.doubtful(
                provider.place("options", "path"),
                "read-twice",
                f"{dashboard.file.name} is read by {holder.name!r} too: the two take it from one"
                " another and stop writing; give each a folder of its own",
            )
            return True
        what = (
            f"uid {dashboard.uid!r}"
            if same_uid
            else f"title {dashboard.title!r} in folder {dashboard.file.folder!r}"
        )
        both_there = same_uid is None and reading.release >= TITLES_FREE
        lost = "" if both_there else " one of the two is lost, and"
        (report.doubtful if both_there else report.lost)(
            dashboard.uid_place() if same_uid else dashboard.place("title"),
            "duplicate-uid" if same_uid else "duplicate-title",
            f"{other.file.name} has the same {what}:{lost} their provider stops writing what"
            " changes",
        )
        return not both_there
    return False


def _store(dashboard: Dashboard, provider: Provider, state: State, reading: Reading) -> None:
    """Save as Grafana does: the file is known by its path; up to 11 the title beats the uid."""
    org, name, inside = provider.org, provider.name, dashboard.file.inside
    place = dashboard.uid_place
    stored = StoredDashboard(
        org, dashboard.uid, dashboard.title, slug(dashboard.file.folder), name, inside, place
    )
    known = state.dashboards.of_file(name, inside)
    titled = state.dashboards.titled(org, dashboard.title, stored.folder)
    held = state.dashboards.of_uid(org, dashboard.uid) if dashboard.uid else None
    if reading.release >= TITLES_FREE:
        _store_by_uid(stored, known, held, state, reading)
        return
    if known and dashboard.uid and known.uid != dashboard.uid and known.uid:
        reading.report.lost(
            dashboard.uid_place(),
            "uid-changed",
            f"uid {known.uid!r} became {dashboard.uid!r} in the same file: Grafana refuses it for"
            " ever and keeps the old dashboard; put the new one into a file of another name",
        )
        return
    if titled and titled is not known and titled.uid != dashboard.uid:
        reading.report.lost(
            dashboard.place("title"),
            "title-taken",
            f"the title {dashboard.title!r} belongs to dashboard {titled.uid!r}: its content is"
            f" overwritten and {dashboard.uid!r} is not made; give titles that were never used"
            " before",
        )
        state.dashboards.move(titled, name, inside)
        return
    for old in (known, held if held is not known else None):
        if old is not None:
            state.dashboards.remove(old)
    state.dashboards.add(stored)


def _store_by_uid(
    stored: StoredDashboard,
    known: StoredDashboard | None,
    held: StoredDashboard | None,
    state: State,
    reading: Reading,
) -> None:
    """Save where the uid is all. known: what the file was; held: what has the uid."""
    if known and not stored.uid:
        return  # it keeps the uid that it has
    if known and known.uid not in ("", stored.uid):
        reading.report.doubtful(
            stored.place(),
            "uid-changed",
            f"uid {known.uid!r} became {stored.uid!r} in the same file: Grafana makes a second"
            " dashboard and keeps the first; put the new one into a file of another name",
        )
    if known and known.folder and not stored.folder:
        reading.report.doubtful(
            stored.place(),
            "provider-folder",
            f"the provider has no folder any more; the dashboard stays in {known.folder!r} until"
            " its file changes",
        )
    if held is not None:
        state.dashboards.remove(held)
    state.dashboards.add(stored)


def _unnamed(dashboard: Dashboard, release: Release) -> str:
    """What is wrong with a title, '' where nothing."""
    if not dashboard.title:
        return "is empty"
    long = release >= TITLES_FREE and len(dashboard.title) > LONGEST_TITLE
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
    uid = "" if provider.by_folders else provider.folder_uid
    if there is not None:
        if uid and there.uid != uid:
            report.doubtful(
                provider.place("folderUid"),
                "folder-uid",
                f"folder {title!r} exists already"
                f"{' as the folder of alert rules' if there.alerting else ''}, so folderUid"
                f" {uid!r} is ignored; give the folders different titles",
            )
        return
    holder = next((f for f in state.folders if uid and (f.org, f.uid) == (org, uid)), None)
    if holder is not None:
        report.doubtful(
            provider.place("folderUid"),
            "folder-uid",
            f"folderUid {uid!r} belongs to folder {holder.title!r}, now named {title!r}",
        )
        holder.title = title
        return
    if uid and state.dashboards.of_uid(org, uid):
        report.fatal(provider.place("folderUid"), "uid", f"{uid!r} is the uid of a dashboard")
    state.folders.append(StoredFolder(org, title, uid, provider.place("folder"), False))


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
