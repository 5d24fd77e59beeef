"""Schedules on top of `python -m collectors due`: cron, Prefect, GitHub Actions."""
