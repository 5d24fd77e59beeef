"""Makes .venv from a hashed requirements file: with uv where it is, else with venv and pip.

Runs on any Python from 3.11, before anything is installed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)


def main(requirements: str) -> None:
    """Create .venv if it is not there and bring it to the pins; mark it ready."""
    python = interpreter()
    uv = shutil.which("uv")
    if not (VENV / "bin" / "python").exists():
        print(f"driftdeck: making .venv with {python}", flush=True)
        run(
            [uv, "venv", "--quiet", "--python", python, VENV]
            if uv
            else [python, "-m", "venv", VENV]
        )
    print("driftdeck: installing the pinned dependencies (about 1 GB) ...", flush=True)
    inside, pins = VENV / "bin" / "python", ROOT / requirements
    if uv:
        # Compiled now: Evidently and its libraries take 20 s to import when they are not.
        options = ["--quiet", "--compile-bytecode", "--require-hashes", "--python", inside]
        run([uv, "pip", "sync", *options, pins])
    else:
        # The file is the whole set; resolving it again trips over extras in pips before 24.
        run([inside, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", pins])
    (VENV / "ready").touch()


def interpreter() -> str:
    """The Python that runs this, or the newest supported one on PATH. Exits naming the mend."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        program = shutil.which(f"python3.{minor}")
        if program:
            return program
    sys.exit("driftdeck: needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/one")


def run(command: list[object]) -> None:
    """Run a command; end with its status if it fails."""
    done = subprocess.run([str(part) for part in command], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main(sys.argv[1])
