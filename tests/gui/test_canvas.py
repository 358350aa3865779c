"""The canvas: what it shows, pans, zooms and repaints."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QSize, Qt
from pytestqt.qtbot import QtBot

from tests.conftest import discs
from unet_studio.core.document import Document
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.proposals import Proposals
from unet_studio.core.regions import rectangle
from unet_studio.gui.canvas.image_layer import DisplayImage
from unet_studio.gui.canvas.transform import MAX_SCALE, CanvasTransform
from unet_studio.gui.canvas.view import CanvasView
from unet_studio.gui.theme import PROPOSAL, label_palette

transforms = st.builds(CanvasTransform, st.floats(0.01, 60), st.floats(-1000, 1000), st.floats(-1000, 1000))
positions = st.builds(QPointF, st.floats(-500, 2000), st.floats(-500, 2000))


@given(transforms, positions)
def test_widget_and_pixel_positions_convert_back_and_forth(transform: CanvasTransform, at: QPointF) -> None:
    back = transform.to_widget(transform.to_pixel(at))
    assert back.x() == pytest.approx(at.x(), abs=1e-5)
    assert back.y() == pytest.approx(at.y(), abs=1e-5)


@given(transforms, positions, st.floats(0.1, 10))
def test_zooming_keeps_the_position_under_the_pointer(
    transform: CanvasTransform, at: QPointF, factor: float
) -> None:
    zoomed = transform.zoomed(factor, at)
    assert zoomed.to_pixel(at).y == pytest.approx(transform.to_pixel(at).y, abs=1e-4)
    assert zoomed.to_pixel(at).x == pytest.approx(transform.to_pixel(at).x, abs=1e-4)
    assert zoomed.scale <= MAX_SCALE


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(50, 2000), st.integers(50, 2000))
def test_fitting_shows_the_whole_plane_centred(height: int, width: int, h: int, w: int) -> None:
    fitted = CanvasTransform.fit(Rect.of_size(height, width), QSize(w, h))
    centre = fitted.to_pixel(QPointF(w / 2, h / 2))
    assert centre.y == pytest.approx(height / 2, rel=1e-6)
    assert centre.x == pytest.approx(width / 2, rel=1e-6)
    assert width * fitted.scale <= w * 1.0001 or fitted.scale == 0.005
    assert height * fitted.scale <= h * 1.0001 or fitted.scale == 0.005


def shown(canvas: CanvasView, y: float, x: float) -> tuple[int, int, int]:
    at = canvas.transform.to_widget(PixelPoint(y, x))
    return canvas.grab().toImage().pixelColor(at.toPoint()).getRgb()[:3]


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    canvas = CanvasView()
    canvas.has_grid = False  # It would lie over what is compared.
    qtbot.addWidget(canvas)
    canvas.resize(600, 500)
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def show(canvas: CanvasView, plane: np.ndarray, document: Document | None = None) -> None:
    bounds = Rect.of_size(*plane.shape[:2])
    canvas.layer.show_labels(document.labels if document else None, bounds)
    canvas.set_plane(DisplayImage.from_plane(plane), bounds)


def test_grey_values_fill_the_range_whatever_their_depth(canvas: CanvasView) -> None:
    ramp = np.linspace(1000, 1200, 100)[:, None] * np.ones((1, 120))
    for plane in (
        ramp.astype(np.uint16)[:, :, None],
        (ramp / 1e4)[:, :, None],
        ramp.astype(np.float32)[:, :, None],
    ):
        show(canvas, plane)
        assert shown(canvas, 2, 60)[0] < 12
        assert shown(canvas, 97.5, 60)[0] > 243


def test_colours_stay_colours(canvas: CanvasView) -> None:
    plane = np.zeros((90, 90, 3), np.uint8)
    plane[:, :30, 0], plane[:, 30:60, 1], plane[:, 60:, 2] = 200, 200, 200
    show(canvas, plane)
    assert shown(canvas, 45, 15) == (255, 0, 0)
    assert shown(canvas, 45, 45) == (0, 255, 0)
    assert shown(canvas, 45, 75) == (0, 0, 255)


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.7, 20.0])
def test_labels_and_their_outline_are_where_the_pixels_are_at_every_zoom(
    canvas: CanvasView, scale: float
) -> None:
    document = Document(400, 400)
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(190, 190, 210, 230)), 3)
    document.finish_stroke()
    show(canvas, np.zeros((400, 400, 1), np.uint8), document)
    centre = QPointF(300, 250)
    canvas._set_transform(CanvasTransform(scale, 200 - 250 / scale, 210 - 300 / scale))
    image = canvas.grab().toImage()
    blue, green, red = (int(v) for v in label_palette()[3])
    corner = canvas.transform.to_widget(PixelPoint(190, 210))
    edge = image.pixelColor(round(corner.x()), max(0, int(np.floor(corner.y() + 0.5))))
    if corner.y() > 1:
        assert (edge.red(), edge.green(), edge.blue()) == (red, green, blue), "the outline"
        above = image.pixelColor(round(corner.x()), int(np.floor(corner.y())) - 2)
        assert (above.red(), above.green(), above.blue()) == (0, 0, 0), "outside"
    inside = image.pixelColor(centre.toPoint())
    assert 0 < inside.red() + inside.green() + inside.blue() < red + green + blue, "the fill is translucent"


def test_proposals_do_not_look_like_labels(canvas: CanvasView) -> None:
    labels = discs((100, 100), (50, 50, 20))
    proposals = Proposals.from_label_image(labels, model="m")
    canvas.layer.show_proposals(proposals, Rect.of_size(100, 100), np.array([False, True]))
    show(canvas, np.full((100, 100, 1), 7, np.uint8))
    image = canvas.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(600) for y in range(500)}
    assert PROPOSAL.name() in colours
    blue, green, red = (int(v) for v in label_palette()[1])
    assert f"#{red:02x}{green:02x}{blue:02x}" not in colours
    canvas.layer.open_proposals = np.array([False, False])
    canvas.refresh()
    image = canvas.grab().toImage()
    assert PROPOSAL.name() not in {image.pixelColor(x, y).name() for x in range(600) for y in range(500)}


def test_a_change_repaints_its_rectangle_and_nothing_else(canvas: CanvasView) -> None:
    document = Document(400, 400)
    show(canvas, np.zeros((400, 400, 1), np.uint8), document)
    composed: list[int] = []
    real = canvas._compose
    canvas._compose = lambda area: (composed.append(area.width() * area.height()), real(area))[1]  # type: ignore[method-assign]
    canvas.grab()
    composed.clear()
    canvas.refresh(Rect(100, 100, 110, 110))
    canvas.grab()
    assert composed[0] <= (10 * canvas.transform.scale + 6) ** 2
    canvas.refresh(Rect(5000, 5000, 5010, 5010))
    canvas.grab()
    assert len(composed) == 1, "a rectangle out of sight costs nothing"


def test_the_picture_after_partial_repaints_equals_a_full_one(canvas: CanvasView) -> None:
    document = Document(300, 300)
    plane = np.random.default_rng(0).integers(0, 255, (300, 300, 1)).astype(np.uint8)
    show(canvas, plane, document)
    rng = np.random.default_rng(1)
    for number in range(1, 20):
        top, left = (int(v) for v in rng.integers(0, 260, 2))
        rect = Rect(top, left, top + 30, left + 35)
        document.begin_stroke("Brush stroke")
        change = document.paint(rectangle(rect), number)
        document.finish_stroke()
        assert change is not None
        canvas.layer.forget(change.rect)
        canvas.refresh(change.rect)
        canvas.grab()
    partial = canvas.grab().toImage()
    canvas.refresh()
    assert partial == canvas.grab().toImage()


def test_one_pixel_images_and_no_image_at_all_are_shown(canvas: CanvasView) -> None:
    for shape in ((1, 1, 1), (1, 500, 1), (500, 1, 3)):
        show(canvas, np.full(shape, 9, np.uint8), Document(*shape[:2]))
        canvas.grab()
    canvas.set_plane(None, Rect(0, 0, 0, 0))
    canvas.set_empty_text("Drop images here")
    canvas.grab()
    assert Qt.CursorShape(canvas.cursor().shape()) == Qt.CursorShape.ArrowCursor


def test_a_zoom_shows_the_last_picture_at_once_and_the_sharp_one_soon(
    canvas: CanvasView, qtbot: QtBot
) -> None:
    plane = np.random.default_rng(0).integers(0, 255, (300, 300, 1)).astype(np.uint8)
    show(canvas, plane)
    canvas.grab()
    canvas.zoom_by(1.7, QPointF(200, 150))
    at_once = canvas.grab().toImage()
    qtbot.waitUntil(lambda: not canvas._sharpen.isActive(), timeout=2_000)
    sharp = canvas.grab().toImage()
    assert at_once != sharp
    canvas.refresh()
    assert canvas.grab().toImage() == sharp

    def greys(image: object) -> np.ndarray:
        return np.array([image.pixelColor(x, y).red() for x in range(0, 600, 20) for y in range(60, 500, 20)])

    assert np.corrcoef(greys(at_once), greys(sharp))[0, 1] > 0.6, "the same place at the same zoom"


def test_panning_shows_what_composing_anew_shows(canvas: CanvasView) -> None:
    document = Document(600, 600)
    rng = np.random.default_rng(0)
    for number in range(1, 30):
        top, left = (int(v) for v in rng.integers(0, 550, 2))
        document.begin_stroke("Brush stroke")
        document.paint(rectangle(Rect(top, left, top + 40, left + 40)), number)
        document.finish_stroke()
    show(canvas, rng.integers(0, 255, (600, 600, 1)).astype(np.uint8), document)
    canvas._set_transform(CanvasTransform(2.0, 100, 100))
    canvas.grab()
    for dx, dy in ((13, -7), (-40, 22), (5, 300), (-580, 1), (3, 3)):
        canvas._pan(QPointF(dx, dy))
        moved = canvas.grab().toImage()
        canvas.refresh()
        assert moved == canvas.grab().toImage()
