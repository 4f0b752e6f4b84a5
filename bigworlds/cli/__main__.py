"""`python -m bigworlds.cli`: the command line where its script is not on the PATH."""

import sys

from bigworlds.cli import main

sys.exit(main())
