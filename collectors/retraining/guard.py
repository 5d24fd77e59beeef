"""python guard.py FD COMMAND...: runs a command that ends with whoever started this.

FD: the reading end of a pipe that the one who started this keeps open. It ends with him, however he
ends; then the whole process group of this ends, what the command has started included.
Standard library only, and nothing of ours: so that it starts at once.
"""

import os
import signal
import subprocess
import sys
import threading


def main(pipe: int, command: list[str]) -> int:
    """The command's exit status; 128 and the signal where one ended it, as a shell says it."""
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    try:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        print(error, flush=True)
        return 127
    return status if status >= 0 else 128 - status


def _end_with(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
