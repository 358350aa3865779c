"""Every tool with the mouse on the demo's real image; UNET_STUDIO_SHOTS keeps a picture of each at work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from pytestqt.qtbot import QtBot

from tests.conftest import RESOURCES
from tests.gui.conftest import english, hand, studio, window  # noqa: F401
from tests.gui.hand import Hand
from tests.gui.toolsmith import KEY, SHIFT, Toolsmith
from unet_studio.core.geometry import PixelPoint

pytestmark = pytest.mark.slow

SHOT = 300


class Tour(Toolsmith):
    """Works on one nucleus at a time, seen large."""

    def look_at(self, instance_id: int) -> tuple[float, float, float]:
        """Zoom to an instance; its middle and half its size."""
        rect = self.window.session.document.instance_rect(instance_id)
        y, x = (rect.top + rect.bottom) / 2, (rect.left + rect.right) / 2
        self.canvas.zoom_by(5.0 / self.canvas.transform.scale)
        self.canvas.centre_on(PixelPoint(y, x))
        self.qtbot.wait(40)
        return y, x, max(rect.height, rect.width) / 2

    def shot(self, name: str) -> None:
        folder = os.environ.get("UNET_STUDIO_SHOTS")
        if folder:
            self.qtbot.wait(80)
            Path(folder).mkdir(parents=True, exist_ok=True)
            picture = self.canvas.grab().toImage()
            left, top = (picture.width() - SHOT) // 2, (picture.height() - SHOT) // 2
            assert picture.copy(left, top, SHOT, SHOT).save(str(Path(folder) / f"{name}.png"))

    def edits(self) -> int:
        return len(self.window.session.document.history.done)


@pytest.fixture
def tour(hand: Hand, tmp_path: Path, qtbot: QtBot) -> Tour:  # noqa: F811
    folder = tmp_path / "fields"
    folder.mkdir()
    shutil.copy(RESOURCES / "demo" / "fluorescence.png", folder)
    tour = Tour(hand.window, qtbot)
    tour.open(folder)
    tour.wait_proposals()
    return tour


def test_every_tool_on_a_real_image(tour: Tour, qtbot: QtBot) -> None:
    main, session = tour.window, tour.window.session
    tour.key(KEY.Key_A, SHIFT)
    tour.canvas.fit()
    tour.press(60, 60)
    for point in ((60, 300), (300, 300), (300, 60)):
        tour.move(*point)
    tour.shot("accept_lasso")
    tour.release(300, 60)
    assert tour.ids
    tour.key(KEY.Key_A)
    areas = {i: tour.area_of(i) for i in tour.ids}
    inner = [i for i in areas if _is_inside(tour, i)]
    round_ones = iter(sorted(inner, key=lambda i: -areas[i])[2:])

    def made(act: Callable[[], None]) -> None:
        before = tour.edits()
        act()
        qtbot.waitUntil(lambda: tour.edits() == before + 1, timeout=10_000)

    def gone() -> tuple[float, float, float]:
        """Where a nucleus is whose label was deleted."""
        chosen = next(round_ones)
        place = tour.look_at(chosen)
        session.delete([chosen], name="Delete instance")
        session.select()
        return place

    chosen = next(round_ones)
    y, x, half = tour.look_at(chosen)
    session.select(instance=chosen)
    main.settings.diameter = 8
    tour.key(KEY.Key_B)
    tour.press(y, x)
    tour.move(y, x + half + 3)
    tour.move(y + 6, x + half + 3)
    tour.shot("brush")
    made(lambda: tour.release(y + 6, x + half + 3))

    y, x, half = gone()
    tour.key(KEY.Key_L)
    points = tour.circle(y, x, half)
    tour.press(*points[0])
    for point in points[1:20]:
        tour.move(*point)
    tour.shot("lasso")
    made(lambda: tour.release(*points[20]))

    y, x, half = gone()
    tour.key(KEY.Key_L, SHIFT)
    for point in tour.circle(y, x, half, 7)[:5]:
        tour.click(*point)
    tour.shot("polygon")
    made(lambda: tour.key(KEY.Key_Return))

    y, x, half = gone()
    tour.key(KEY.Key_W)
    tour.press(y, x)
    left = Qt.MouseButton.LeftButton
    tour.mouse(QEvent.Type.MouseMove, tour.at(y, x) + QPointF(60, 0), Qt.MouseButton.NoButton, left)
    tour.shot("wand")
    made(lambda: tour.release(y, x))

    y, x, half = gone()
    tour.key(KEY.Key_G)
    made(lambda: tour.click(y, x))
    tour.shot("grow")

    y, x, half = gone()
    tour.key(KEY.Key_S)
    tool = main.tool_box.current
    for point in tour.circle(y, x, half * 0.9, 5)[:3]:
        tour.click(*point)
        qtbot.waitUntil(lambda: tool._wire is not None, timeout=10_000)
    hover(tour, *tour.circle(y, x, half * 0.9, 5)[3])
    tour.shot("edge")
    made(lambda: tour.key(KEY.Key_Return))

    y, x, half = gone()
    tour.key(KEY.Key_S, SHIFT)
    tour.press(y - half - 3, x - half - 3)
    tour.move(y + half + 3, x + half + 3)
    tour.shot("box")
    made(lambda: tour.release(y + half + 3, x + half + 3))

    chosen = next(round_ones)
    y, x, half = tour.look_at(chosen)
    tour.key(KEY.Key_K)
    tour.press(y - half - 4, x - 2)
    tour.move(y + half + 4, x + 2)
    tour.shot("split")
    made(lambda: tour.release(y + half + 4, x + 2))

    tour.key(KEY.Key_M)
    tour.press(y, x - half / 2)
    tour.move(y, x + half / 2)
    tour.shot("merge")
    made(lambda: tour.release(y, x + half / 2))

    first = next(round_ones)
    neighbour = _nearest(tour, first)
    y, x, half = tour.look_at(first)
    session.merge(first, [neighbour])
    _bridge(tour, first)
    tour.key(KEY.Key_K, SHIFT)
    tour.press(y, x)
    tour.shot("waist")
    made(lambda: tour.release(y, x))

    chosen = next(round_ones)
    y, x, half = tour.look_at(chosen)
    tour.key(KEY.Key_D)
    points = tour.circle(y, x, half + 5)
    tour.press(*points[0])
    for point in points[1:]:
        tour.move(*point)
    tour.shot("delete_lasso")
    made(lambda: tour.release(*points[-1]))

    tour.key(KEY.Key_R)
    tour.press(y, x - half)
    tour.move(y, x + half)
    tour.shot("ruler")
    tour.release(y, x + half)
    assert not main.notice.problem.isVisible()


def hover(tour: Tour, y: float, x: float) -> None:
    none = Qt.MouseButton.NoButton
    tour.mouse(QEvent.Type.MouseMove, tour.at(y, x), none, none)


def _is_inside(tour: Tour, instance_id: int) -> bool:
    rect = tour.window.session.document.instance_rect(instance_id)
    bounds = tour.window.session.document.bounds
    return min(rect.top, rect.left, bounds.bottom - rect.bottom, bounds.right - rect.right) > 20


def _nearest(tour: Tour, instance_id: int) -> int:
    labels = tour.labels
    own = np.argwhere(labels == instance_id).mean(0)
    others = {i: np.argwhere(labels == i).mean(0) for i in tour.ids if i != instance_id}
    return min(others, key=lambda i: float(((others[i] - own) ** 2).sum()))


def _bridge(tour: Tour, instance_id: int) -> None:
    """Two pieces of one instance get a neck between them, as when two nuclei were taken for one."""
    mask = (tour.labels == instance_id).astype(np.uint8)
    count, _, _, middles = cv2.connectedComponentsWithStats(mask)
    if count > 2:
        tour.window.session.select(instance=instance_id)
        tour.window.settings.diameter = 8
        tour.key(KEY.Key_B)
        tour.drag(*((float(y), float(x)) for x, y in middles[1:3]))
