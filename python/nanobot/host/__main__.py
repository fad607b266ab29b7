"""``python -m nanobot.host``."""

import sys

from nanobot.host.cli import main

sys.exit(main())
