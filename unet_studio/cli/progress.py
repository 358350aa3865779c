"""Progress on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from unet_studio.jobs.messages import Progress, TrainingBegun, TrainingPoint

_BAR_WIDTH = 30
_LINE_EVERY_S = 10.0


class ProgressLine:
    """Shows one job's progress; use as a context manager."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._terminal = sys.stderr.isatty()
        self._last_line = time.monotonic()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, event: Progress | TrainingBegun | TrainingPoint) -> None:
        """Show an event."""
        if isinstance(event, TrainingBegun):
            text = f"{event.training} images train, {event.validation} validate, on {event.device}"
            self._line(f"{text}.")
            for note in (*event.reasons, *event.notes):
                self._line(str(note))
            return
        if isinstance(event, TrainingPoint):
            self._line(_describe(event))
            return
        fraction = event.done / event.total if event.total else 0.0
        if self._terminal:
            filled = round(_BAR_WIDTH * fraction)
            bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
            sys.stderr.write(f"\r\x1b[K{self._title} {bar} {fraction:4.0%}")
            sys.stderr.flush()
        elif time.monotonic() - self._last_line > _LINE_EVERY_S:
            self._line(f"{fraction:.0%}")

    def _line(self, text: str) -> None:
        self._last_line = time.monotonic()
        start = "\r\x1b[K" if self._terminal else ""
        print(f"{start}{self._title}: {text}", file=sys.stderr, flush=True)


def _describe(point: TrainingPoint) -> str:
    text = f"step {point.step}, {point.seconds:.0f} s, training loss {point.train_loss:.4f}"
    if point.val_loss is not None and point.val_dice is not None:
        text += f", validation loss {point.val_loss:.4f}, Dice {point.val_dice:.4f}"
    return text + (" (best)" if point.is_best else "")
