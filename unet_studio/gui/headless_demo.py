"""The demo without a screen: the real window, drawn offscreen, does the whole job."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop

from unet_studio.core.errors import UserError
from unet_studio.gui.app import Studio
from unet_studio.gui.session import Session
from unet_studio.settings.mask_formats import MASK_FORMATS

_LIMIT_S = 300.0


def run_headless_demo(images: Path, out: Path) -> Iterator[str]:
    """Propose on every image, accept, export masks, save pictures; yields a line about each step.

    Raises UserError if a step fails.
    """
    studio = Studio()
    window, session = studio.window, studio.window.session
    failures: list[UserError] = []
    for source in (session.failed, window.proposing.failed):
        source.connect(failures.append)

    def wait(is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _LIMIT_S
        while not is_done():
            studio.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
            if failures:
                raise failures[0]
            if time.monotonic() > deadline:
                raise UserError("The demo did not end within {seconds} s.", seconds=int(_LIMIT_S))

    try:
        window.resize(1280, 760)
        window.show()
        session.open_paths([images])
        wait(lambda: session.current is not None)
        for record in session.images():
            session.show_image(record.id)
            wait(partial(_is_shown, session, record.id))
            window.proposing.propose(window.canvas.view_rect)
            wait(lambda: not window.proposing.is_busy and not window.job_bar.isVisible())
            count = len(session.open_proposals())
            session.accept_all()
            yield f"{record.path.name}: {count} proposals, accepted"
            studio.app.processEvents()
            window.grab().save(str(out / "window.png"))
            window.canvas.grab().save(str(out / f"{record.path.stem}_overlay.png"))
        exported: list[list[Path]] = []
        window.asking.exported.connect(exported.append)
        window.asking.export(out / "masks", MASK_FORMATS, replaces=True)
        wait(lambda: bool(exported))
        yield f"{len(exported[0])} masks in {out / 'masks'}"
        yield f"The window: {out / 'window.png'}; the overlays: {out}/*_overlay.png"
    finally:
        window.close()
        studio.close()


def _is_shown(session: Session, image_id: int) -> bool:
    return session.current is not None and session.current.id == image_id
