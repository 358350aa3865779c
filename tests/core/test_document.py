"""What single operations promise; `test_document_model` tries them all in any order."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import discs
from unet_studio.core.brush import Capsule
from unet_studio.core.document import ChangeKind, Document, Over
from unet_studio.core.errors import UserError
from unet_studio.core.geometry import PixelPoint, Rect
from unet_studio.core.history import History
from unet_studio.core.instances import MAX_INSTANCE_ID, Instance, InstanceTable, Origin
from unet_studio.core.past import Past
from unet_studio.core.proposals import Proposals
from unet_studio.core.regions import MaskRegion, rectangle


def test_a_change_says_what_to_repaint() -> None:
    document = Document(100, 100)
    document.begin_stroke("Brush stroke")
    change = document.paint(rectangle(Rect(10, 20, 30, 40)), document.new_instance_id())
    assert change is not None
    assert change.rect == Rect(10, 20, 30, 40)
    assert change.kind == ChangeKind.PIXELS
    assert change.edit is None, "nothing to store before the stroke is finished"
    finished = document.finish_stroke()
    assert finished is not None
    assert finished.edit is not None
    assert finished.edit.rect == Rect(10, 20, 30, 40)
    assert finished.rect.is_empty, "all of it was told while it was painted"
    assert change.and_then(finished).rect == Rect(10, 20, 30, 40)


def test_accepting_never_overwrites_hand_work() -> None:
    document = Document(60, 60)
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(0, 0, 60, 30)), document.new_instance_id())
    document.finish_stroke()
    proposals = Proposals.from_label_image(discs((60, 60), (30, 30, 10), (30, 5, 4)), model="m")
    document.accept(proposals, [1, 2], name="Accept all proposals")
    assert (document.read(document.bounds)[:, :30] == 1).all()
    assert 1 in proposals.accepted
    assert 2 not in proposals.accepted, "a proposal with no free pixel is not accepted"
    row = document.instances.get(proposals.accepted[1])
    assert row is not None
    assert row.origin is Origin.PROPOSED


def test_an_accepted_proposal_waits_again_after_undo_and_its_id_is_not_used_again() -> None:
    document = Document(60, 60)
    proposals = Proposals.from_label_image(discs((60, 60), (30, 30, 10)), model="m")
    document.accept(proposals, [1], name="Accept proposal")
    assert not proposals.is_open(1, document.instances)
    document.undo()
    assert proposals.is_open(1, document.instances)
    document.accept(proposals, [1], name="Accept proposal")
    assert {row.id for row in document.instances} == {2}


def painted(shape: tuple[int, int], *parts: tuple[Rect, int]) -> Document:
    document = Document(*shape)
    for rect, instance_id in parts:
        document.begin_stroke("Brush stroke")
        document.paint(rectangle(rect), instance_id)
        document.finish_stroke()
    return document


def test_the_last_number_of_int32_works_and_after_it_free_ones_are_used() -> None:
    document = painted((10, 10), (Rect(0, 0, 3, 3), MAX_INSTANCE_ID), (Rect(5, 5, 8, 8), 1))
    assert document.instance_at(1, 1) == MAX_INSTANCE_ID
    assert document.new_instance_id() == 2, "the counter is at its end: the smallest free number"
    document.merge_instances(1, [MAX_INSTANCE_ID], name="Merge")
    assert set(np.unique(document.read(document.bounds)).tolist()) == {0, 1}
    document.undo()
    assert document.instance_at(1, 1) == MAX_INSTANCE_ID


def test_when_no_number_is_left_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unet_studio.core.document.MAX_INSTANCE_ID", 3)
    rows = InstanceTable({i: Instance(i) for i in (1, 2, 3)})
    with pytest.raises(UserError, match="has used all 3 instance numbers"):
        Document(10, 10, instances=rows, next_id=4).new_instance_id()


def test_proposals_accepted_at_the_end_of_the_numbers_get_one_each() -> None:
    document = Document(60, 60, next_id=MAX_INSTANCE_ID)
    proposals = Proposals.from_label_image(discs((60, 60), (10, 10, 5), (30, 30, 5), (50, 50, 5)), model="m")
    document.accept(proposals, [1, 2, 3], name="Accept all proposals")
    assert sorted(row.id for row in document.instances) == [1, 2, MAX_INSTANCE_ID]


@pytest.mark.parametrize("wrong", [-1, MAX_INSTANCE_ID + 1])
def test_an_id_that_is_no_int32_label_is_a_programming_error(wrong: int) -> None:
    document = Document(10, 10)
    document.begin_stroke("Brush stroke")
    with pytest.raises(ValueError, match="outside 0"):
        document.paint(rectangle(Rect(0, 0, 2, 2)), wrong)
    assert document.abort_stroke() is None
    assert not document.read(document.bounds).any()


def test_edits_outside_the_plane_change_nothing() -> None:
    document = painted((50, 60), (Rect(10, 10, 20, 20), 1))
    before = document.read(document.bounds)
    for outside in (
        Rect(-30, -30, -5, -5),
        Rect(50, 0, 90, 60),
        Rect(0, 60, 50, 61),
        Rect(10**9, 0, 10**9 + 5, 5),
    ):
        document.begin_stroke("Brush stroke")
        assert document.paint(rectangle(outside), 7) is None
        assert document.finish_stroke() is None
    assert document.set_checked(Rect(60, 70, 80, 90), True, name="Mark as checked") is None
    assert document.delete_instances([99, 0, -4], name="Delete instance") is None
    assert document.merge_instances(99, [1], name="Merge") is None
    assert document.merge_instances(1, [1, 42], name="Merge") is None
    assert document.set_class([99], 2, name="Class") is None
    assert (document.read(document.bounds) == before).all()
    assert [row.id for row in document.instances] == [1], "a stroke that covers nothing makes no row"


def test_an_instance_painted_and_covered_in_one_stroke_leaves_no_row() -> None:
    document = Document(20, 20)
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(0, 0, 5, 5)), 1)
    document.paint(rectangle(Rect(0, 0, 5, 5)), 2)
    document.erase(rectangle(Rect(0, 0, 5, 5)))
    assert document.finish_stroke() is None
    assert not len(document.instances)


def test_a_stroke_over_background_only_spares_what_is_there() -> None:
    document = painted((40, 40), (Rect(0, 0, 40, 10), 1))
    document.begin_stroke("Brush stroke")
    document.paint(Capsule(PixelPoint(20, 0), PixelPoint(20, 40), 6), 2, over=Over.BACKGROUND)
    document.finish_stroke()
    assert (document.read(Rect(0, 0, 40, 10)) == 1).all()
    assert document.instance_at(20, 30) == 2


def past_of(document: Document) -> Past:
    return Past(document.labels.snapshot(), document.instances.copy(), document.checked)


def test_bringing_an_instance_back_takes_its_pixels_from_whoever_has_them_now() -> None:
    document = painted((300, 300), (Rect(200, 200, 280, 280), 1), (Rect(0, 0, 30, 30), 2))
    document.set_class([1], 4, name="Class")
    past = past_of(document)
    document.merge_instances(2, [1], name="Merge")
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(270, 270, 300, 300)), 2)
    document.finish_stroke()
    change = document.bring_back(1, past, name="Bring back")
    assert change is not None
    assert change.edit is not None
    assert (document.read(Rect(200, 200, 280, 280)) == 1).all()
    assert document.instance_at(290, 290) == 2, "what instance 1 never had stays as it is"
    row = document.instances.get(1)
    assert row is not None
    assert row.class_index == 4
    assert document.bring_back(1, past, name="Bring back") is None, "it is as it was: no edit"
    assert document.bring_back(77, past, name="Bring back") is None
    document.undo()
    assert document.instance_at(210, 210) == 2


def test_bringing_everything_back_is_one_edit_that_can_be_undone() -> None:
    document = painted((300, 300), (Rect(200, 200, 280, 280), 1), (Rect(0, 0, 30, 30), 2))
    document.set_checked(Rect(0, 0, 100, 100), True, name="Mark as checked")
    past, then = past_of(document), document.read(document.bounds)
    document.delete_instances([1, 2], name="Delete instance")
    document.set_checked(document.bounds, False, name="Mark as not checked")
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(100, 0, 140, 300)), document.new_instance_id())
    document.finish_stroke()
    now = document.read(document.bounds)
    change = document.bring_all_back(past, name="Bring everything back")
    assert change is not None
    assert change.kind == ChangeKind.PIXELS | ChangeKind.INSTANCES | ChangeKind.CHECKED
    assert (document.read(document.bounds) == then).all()
    assert document.checked == past.checked
    assert {row.id for row in document.instances} == {1, 2}
    document.undo()
    assert (document.read(document.bounds) == now).all()
    assert document.checked.is_empty


def test_a_hundred_thousand_instances_are_painted_merged_and_deleted() -> None:
    side = 1280
    y, x = np.mgrid[:side, :side] // 4
    labels = (y * (side // 4) + x + 1).astype(np.int32)
    proposals = Proposals.from_label_image(labels, model="m")
    assert len(proposals.table) == 102_400
    document = Document(side, side)
    document.accept(proposals, list(proposals.table), name="Accept all proposals")
    assert len(document.instances) == 102_400
    assert document.instances.area_px(document.instance_at(5, 5)) == 16
    ids = [row.id for row in document.instances]
    document.merge_instances(ids[0], ids[1:50_000], name="Merge")
    assert len(document.instances) == 52_401
    document.delete_instances(ids, name="Delete instance")
    assert not document.read(document.bounds).any()
    assert document.undo()
    assert document.undo()
    assert len(document.instances) == 102_400
    assert (document.read(document.bounds) > 0).all()


def test_a_thousand_strokes_can_be_undone_and_the_history_stays_in_its_bounds() -> None:
    document = Document(300, 300)
    for number in range(2500):
        document.begin_stroke("Brush stroke")
        document.paint(
            Capsule(PixelPoint(number % 300, 10), PixelPoint(150, number % 290), 3), 1 + number % 40
        )
        document.finish_stroke()
    steps = 0
    while document.undo():
        steps += 1
    assert steps == 1000


def test_the_history_forgets_its_oldest_edits_beyond_its_budget_but_never_the_last() -> None:
    document = Document(100, 100, history=History(budget_bytes=50_000))
    rng = np.random.default_rng(0)
    for _ in range(40):
        document.begin_stroke("Brush stroke")
        document.paint(MaskRegion(document.bounds, rng.random((100, 100)) < 0.5), document.new_instance_id())
        document.finish_stroke()
    assert len(document.history) == 1, "one edit is larger than the budget: only the last one is kept"
    assert document.undo() is not None
    assert document.undo() is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (256, 256), (257, 255)])
def test_planes_of_any_size_can_be_painted_to_the_last_pixel(shape: tuple[int, int]) -> None:
    document = Document(*shape)
    document.begin_stroke("Brush stroke")
    document.paint(rectangle(Rect(-5, -5, 900, 900)), 1)
    document.finish_stroke()
    assert (document.read(document.bounds) == 1).all()
    assert document.instances.area_px(1) == shape[0] * shape[1]
    assert document.instance_at(shape[0] - 0.5, shape[1] - 0.5) == 1
    assert document.instance_at(shape[0], 0) == 0
