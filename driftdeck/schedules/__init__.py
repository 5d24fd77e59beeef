"""Schedules on top of `driftdeck due`: cron, Prefect, GitHub Actions."""
