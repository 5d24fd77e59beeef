"""python -m soak.kills"""

import sys

from soak.kills.run import main

if __name__ == "__main__":
    sys.exit(main())
