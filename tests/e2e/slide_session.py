"""Proposes on a whole slide in a real window and says what is done; made to be killed.

argv: folder of the slide.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from unet_studio.gui import proposing_by_parts
from unet_studio.gui.app import Studio
from unet_studio.io import image_source


def main() -> None:
    image_source._LARGEST_WHOLE_BYTES = 2**20
    proposing_by_parts._SAVE_EVERY_S = 0.0
    studio = Studio()
    session = studio.window.session
    studio.window.show()
    studio.window.open_paths([Path(sys.argv[1])])
    while session.current is None:
        studio.app.processEvents()
        time.sleep(0.001)
    studio.window.actions_by_id["propose.whole"].trigger()
    said = 0
    while True:
        studio.app.processEvents()
        time.sleep(0.001)
        proposals = session.current.proposals
        done = len(proposals.covered or []) if proposals is not None else 0
        if done > said and not session.saving.waiting:
            said = done
            print("saved", said, flush=True)


if __name__ == "__main__":
    main()
