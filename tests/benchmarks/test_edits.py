"""What an edit costs on a large plane beside the same edit on a small one."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from unet_studio.core.brush import Capsule
from unet_studio.core.document import Document
from unet_studio.core.geometry import PixelPoint

pytestmark = pytest.mark.benchmark

RADIUS_PX = 30
ROUNDS = 400
BOUND = 1.2
_MICROSECONDS_MS = 0.01
"""Picking is a few microseconds: there the ratio is that of the processor's caches."""


class Plane:
    """Round instances at random places, of the same density on every plane."""

    def __init__(self, side: int, count: int) -> None:
        self.document = Document(side, side)
        self.rng = np.random.default_rng(side)
        self.centres: dict[int, PixelPoint] = {}
        for _ in range(count):
            number = self.document.new_instance_id()
            at = PixelPoint(*self.rng.uniform(RADIUS_PX, side - RADIUS_PX, 2))
            self.document.begin_stroke("Brush stroke")
            self.document.paint(Capsule(at, at, 2 * RADIUS_PX), number)
            self.document.finish_stroke()
            self.centres[number] = at

    def somewhere(self) -> tuple[int, PixelPoint]:
        """An instance that is still there, and its centre."""
        ids = [row.id for row in self.document.instances]
        number = int(self.rng.choice(ids))
        return number, self.centres[number]

    def paint(self) -> Callable[[], object]:
        number, at = self.somewhere()
        end = PixelPoint(at.y + 40, at.x + 25)

        def work() -> None:
            self.document.begin_stroke("Brush stroke")
            self.document.paint(Capsule(at, end, 20), number)
            self.document.finish_stroke()

        return work

    def undo(self) -> Callable[[], object]:
        self.paint()()
        return self.document.undo

    def pick(self) -> Callable[[], object]:
        _, at = self.somewhere()
        return lambda: self.document.instance_at(at.y, at.x)

    def delete(self) -> Callable[[], object]:
        number, _ = self.somewhere()
        return lambda: self.document.delete_instances([number], name="Delete instance")

    def merge(self) -> Callable[[], object]:
        number, at = self.somewhere()
        nearest = min(
            (row.id for row in self.document.instances if row.id != number),
            key=lambda i: abs(self.centres[i].y - at.y) + abs(self.centres[i].x - at.x),
        )
        return lambda: self.document.merge_instances(number, [nearest], name="Merge instances")


@pytest.mark.parametrize("where", ["where one works", "anywhere"])
@pytest.mark.parametrize("kind", ["paint", "undo", "pick", "delete", "merge"])
def test_an_edit_on_16384_costs_what_it_costs_on_1024(
    planes: tuple[Plane, Plane], kind: str, where: str
) -> None:
    """`where one works`: the tiles were looked at before, as those on the screen always were."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for plane, times in zip(planes, taken, strict=True):
            history = len(plane.document.history.done)
            work = getattr(plane, kind)()
            before = len(plane.document.history.done)
            if where == "where one works":
                work()
                while len(plane.document.history.done) > before:
                    plane.document.undo()
                if kind == "undo":
                    plane.document.redo()
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
            while len(plane.document.history.done) > history:
                plane.document.undo()
    small, large = (float(np.median(times)) * 1e3 for times in taken)
    print(f"\n{kind:7} {where:16} 1024²: {small:.3f} ms, 16,384²: {large:.3f} ms, ratio {large / small:.2f}")
    if where == "where one works" and small > _MICROSECONDS_MS:
        assert large / small <= BOUND


@pytest.fixture(scope="module")
def planes() -> tuple[Plane, Plane]:
    return Plane(1024, 12), Plane(16_384, 3000)
