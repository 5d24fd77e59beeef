"""python -m soak.days"""

import sys

from soak.days.run import main

if __name__ == "__main__":
    sys.exit(main())
