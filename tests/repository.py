"""This repository as a project: its folder, and those of its monitors."""

from pathlib import Path

from driftdeck.project import Project

ROOT = Path(__file__).resolve().parents[1]
MONITORS = Project.find(ROOT).monitor_folders
