"""What Grafana's database holds after the providers were read: folders and dashboards."""

from pathlib import Path

from preflight.providers import DashboardFile, Provider, on_disk
from preflight.reading import Reading
from preflight.releases import FOLDERS_APART
from preflight.state import State, StoredDashboard, StoredFolder, slug
from preflight.uids import MOST, is_plain


def apply(
    tree: Path, providers: list[Provider], state: State, reading: Reading
) -> list[DashboardFile]:
    """Make the folders, save the dashboards, and say which dashboards were found on disk."""
    names = {provider.name for provider in providers}
    for gone in sorted(state.providers - names):
        kept = {d.file for d in state.dashboards if d.provider != gone}
        for one in [d for d in state.dashboards if d.provider == gone]:
            if one.file not in kept:
                reading.report.doubtful(
                    one.place,
                    "provider-gone",
                    f"provider {gone!r} is gone, so Grafana deletes dashboard {one.uid!r}; under"
                    " another provider's name it comes back with a new id",
                )
        state.dashboards = [d for d in state.dashboards if d.provider != gone]
    state.providers = names
    found: list[DashboardFile] = []
    for provider in providers:
        disk = on_disk(tree, provider, reading)
        if disk is None:
            continue
        _delete_missing(provider, disk, state)
        for board in disk:
            _save(board, found, state, reading)
            found.append(board)
        if not disk and not provider.by_folders:
            _folder(provider, provider.folder, state, reading)
    return found


def _delete_missing(provider: Provider, disk: list[DashboardFile], state: State) -> None:
    there = {one.inside for one in disk}
    gone = [d for d in state.dashboards if d.provider == provider.name and d.file not in there]
    for one in gone:
        if provider.disable_deletion:
            one.provider = ""
        else:
            state.dashboards.remove(one)


def _save(one: DashboardFile, earlier: list[DashboardFile], state: State, reading: Reading) -> None:
    report, release, org = reading.report, reading.release, one.provider.org
    if not one.title:
        report.lost(one.place("title"), "no-title", "the title is empty; the dashboard is left out")
        return
    if one.uid and (not is_plain(one.uid) or len(one.uid) > MOST):
        report.lost(
            one.place("uid"),
            "uid",
            f"uid {one.uid!r} is not made of at most {MOST} letters, digits, - and _; the"
            " dashboard is left out",
        )
        return
    if not one.uid:
        report.doubtful(
            one.place("uid"), "no-uid", "without a uid (a text) each server makes up its own"
        )
    _folder(one.provider, one.folder, state, reading)
    if any(one.uid and (f.org, f.uid) == (org, one.uid) for f in state.folders):
        report.lost(
            one.place("uid"),
            "uid",
            f"uid {one.uid!r} is the uid of a folder, so the dashboard is left out; change one",
        )
        return
    if state.folder(org, one.title) is not None:
        certain = release < FOLDERS_APART
        (report.lost if certain else report.doubtful)(
            one.place("title"),
            "title-is-folder",
            f"{one.title!r} is the title of a folder, so the dashboard"
            f" {'is' if certain else 'may be'} not saved; rename one",
        )
        if certain:
            return
    if not _is_duplicate(one, earlier, reading):
        _store(one, state, reading)


def _is_duplicate(one: DashboardFile, earlier: list[DashboardFile], reading: Reading) -> bool:
    """Whether the same start met its uid, or its title in the folder, already."""
    report, org = reading.report, one.provider.org
    same_uid = next(
        (d for d in earlier if one.uid and d.uid == one.uid and d.provider.org == org), None
    )
    same_title = next(
        (
            d for d in earlier
            if slug(d.title) == slug(one.title)
            and slug(d.folder) == slug(one.folder)
            and d.provider.org == org
        ),
        None,
    )  # fmt: skip
    other = same_uid or same_title
    if other is not None:
        if other.file == one.file:
            report.doubtful(
                one.provider.place("options", "path"),
                "read-twice",
                f"{one.file} is read by {other.provider.name!r} too: the two take it from one"
                " another and stop writing; give each a folder of its own",
            )
            return True
        what = f"uid {one.uid!r}" if same_uid else f"title {one.title!r} in folder {one.folder!r}"
        report.lost(
            one.place("uid" if same_uid else "title"),
            "duplicate-uid" if same_uid else "duplicate-title",
            f"{other.file} has the same {what}: one of the two is lost, and their provider stops"
            " writing",
        )
        return True
    return False


def _store(one: DashboardFile, state: State, reading: Reading) -> None:
    """Save as Grafana does: the file is known by its path, then the title beats the uid."""
    org, name = one.provider.org, one.provider.name
    made = StoredDashboard(
        org, one.uid, one.title, slug(one.folder), name, one.inside, one.place("uid")
    )
    known = next((d for d in state.dashboards if (d.provider, d.file) == (name, one.inside)), None)
    titled = next(
        (
            d for d in state.dashboards
            if d.org == org and d.folder == made.folder and slug(d.title) == slug(one.title)
        ),
        None,
    )  # fmt: skip
    held = state.dashboard(org, one.uid) if one.uid else None
    if known and one.uid and known.uid != one.uid and known.uid:
        reading.report.lost(
            one.place("uid"),
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
        titled.file, titled.provider = one.inside, name
        return
    for old in (known, held):
        if old is not None and old in state.dashboards:
            state.dashboards.remove(old)
    state.dashboards.append(made)


def _folder(provider: Provider, title: str, state: State, reading: Reading) -> None:
    """Find or make the folder of a title, as the provider's reader does."""
    if not title:
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
    dashboard = state.dashboard_titled(org, title)
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
    if asked and state.dashboard(org, asked):
        report.fatal(provider.place("folderUid"), "uid", f"{asked!r} is the uid of a dashboard")
    state.folders.append(StoredFolder(org, title, asked, provider.place("folder"), False))
