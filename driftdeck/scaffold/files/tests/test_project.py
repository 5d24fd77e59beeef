"""What this project promises: whole declarations, and built files that are up to date."""

from driftdeck.cli import main


def test_what_is_committed_is_what_the_source_builds() -> None:
    """No declaration is wrong, no file and no threshold is stale, and Grafana would accept all."""
    assert main(["check"]) == 0
