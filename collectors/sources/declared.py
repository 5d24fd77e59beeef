"""The sources that a monitor declares, and where they are; nothing of them is read."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from driftdeck.collectors.sources.paths import Paths
from driftdeck.collectors.sources.postgres import Database
from driftdeck.declare import Files, Monitor, Table
from driftdeck.settings import Settings


@dataclass(frozen=True)
class Sources:
    """The sources of one monitor. settings: where the data folder and the databases are."""

    monitor: Monitor
    settings: Settings

    @property
    def on(self) -> str:
        """The column that identifies a row, '' where labels are no source of their own."""
        return self.monitor.labels.on if self.monitor.labels else ""

    def columns(self) -> list[str]:
        """The columns to read from the source of the rows, without its time."""
        monitor, target = self.monitor, self.monitor.target_column
        late = {target.name} if monitor.labels is not None and target is not None else set()
        names = [name for name in monitor.source_columns() if name not in late]
        return [*names, *(name for name in (self.on, monitor.model_version) if name)]

    def paths(self, source: Files) -> Paths:
        """Where the files of a source lie on this machine."""
        zone = ZoneInfo(source.timezone) if source.timezone else self.monitor.every.zone
        return Paths(self.monitor.name, source, self.settings.data / source.folder, zone)

    def database(self, source: Table) -> Database:
        """The database that a table lies in. Raises SettingsError where its address is not set."""
        return Database.of(self.settings, source)
