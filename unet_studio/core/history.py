"""Undo and redo over edits, within a byte budget and a number of steps."""

from __future__ import annotations

from collections.abc import Iterable

from unet_studio.core.edits import Edit, StoredEdit

DEFAULT_BUDGET_BYTES = 128 * 2**20
DEFAULT_STEPS = 1000
"""Older ones are still in the project's journal: see the history panel."""


class History:
    """The edits of one document, oldest first, and how many of them are done (not undone)."""

    def __init__(
        self,
        edits: Iterable[StoredEdit] = (),
        *,
        done: int | None = None,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
        steps: int = DEFAULT_STEPS,
    ) -> None:
        self._edits: list[StoredEdit] = list(edits)
        self._done = len(self._edits) if done is None else done
        self._bytes = sum(edit.nbytes for edit in self._edits)
        self._budget = budget_bytes
        self._steps = steps

    def __len__(self) -> int:
        return len(self._edits)

    @property
    def done(self) -> tuple[StoredEdit, ...]:
        """Edits that are in effect, oldest first."""
        return tuple(self._edits[: self._done])

    @property
    def undone(self) -> tuple[StoredEdit, ...]:
        """Edits that redo would bring back, next one first."""
        return tuple(self._edits[self._done :])

    @property
    def undo_name(self) -> str | None:
        """Name of the edit that undo would take back."""
        return self._edits[self._done - 1].name if self._done else None

    @property
    def redo_name(self) -> str | None:
        """Name of the edit that redo would bring back."""
        return self._edits[self._done].name if self._done < len(self._edits) else None

    def push(self, edit: Edit) -> None:
        """Add an edit that has just been made; what was undone before it is gone."""
        for dropped in self._edits[self._done :]:
            self._bytes -= dropped.nbytes
        del self._edits[self._done :]
        self._edits.append(edit)
        self._bytes += edit.nbytes
        self._done += 1
        self._trim()

    def step_back(self) -> Edit | None:
        """The edit to undo now; it becomes redoable."""
        if not self._done:
            return None
        self._done -= 1
        return self._edits[self._done].load()

    def step_forward(self) -> Edit | None:
        """The edit to redo now; it becomes undoable."""
        if self._done == len(self._edits):
            return None
        self._done += 1
        return self._edits[self._done - 1].load()

    def replace(self, edit: Edit, stored: StoredEdit) -> None:
        """Keep `stored` (compressed, say) instead of `edit`, if it is still here."""
        for place in range(len(self._edits) - 1, -1, -1):
            if self._edits[place] is edit:
                self._bytes += stored.nbytes - edit.nbytes
                self._edits[place] = stored
                return

    def _trim(self) -> None:
        """Forget the oldest edits beyond the budget.

        The last one does not count: it may be large, and will soon be replaced by its compressed form.
        """
        while self._done > 1 and (
            len(self._edits) > self._steps or self._bytes - self._edits[-1].nbytes > self._budget
        ):
            self._bytes -= self._edits.pop(0).nbytes
            self._done -= 1
