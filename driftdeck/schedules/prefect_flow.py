"""Prefect 3: a flow that collects what is due, one task a window. `make prefect` serves it."""

from prefect import flow, get_run_logger, task
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner

from driftdeck.schedules import windows

MONITORS_AT_ONCE = 2
RETRY_SECONDS = [30, 60]


@task(task_run_name="{monitor} {name}", retries=2, retry_delay_seconds=RETRY_SECONDS)
def collect_window(monitor: str, name: str) -> None:
    """Collect one window; fails with what the collector said."""
    for line in windows.run(monitor, name):
        get_run_logger().info(line)


@task(task_run_name="{monitor}")
def collect_monitor(monitor: str, names: list[str]) -> list[State]:
    """A monitor's windows in order; fails if one did, after the others have run."""
    return [collect_window(monitor, name, return_state=True) for name in names]


@task(retries=2, retry_delay_seconds=RETRY_SECONDS)
def ask_what_is_due() -> windows.Due:
    """The windows of each monitor that are due."""
    return windows.due()


@task
def tell(untold: str) -> None:
    """Fails with why it could not be told of a monitor what is due."""
    raise windows.CollectorError(untold)


@flow(name="collect", task_runner=ThreadPoolTaskRunner(max_workers=MONITORS_AT_ONCE))
def collect() -> list[State]:
    """Collect what is due; fails if a window did, and leaves the other monitors alone."""
    due_windows = ask_what_is_due()
    get_run_logger().info("%s windows are due", sum(map(len, due_windows.windows.values())))
    runs = [
        collect_monitor.submit(monitor, names) for monitor, names in due_windows.windows.items()
    ]
    if due_windows.untold:
        runs.append(tell.submit(due_windows.untold))
    for run in runs:
        run.wait()
    return [run.state for run in runs]


if __name__ == "__main__":
    collect.serve(name="hourly", cron="17 * * * *", limit=1)
