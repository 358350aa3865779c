"""An edit comes back from its compressed form as it was."""

from __future__ import annotations

import numpy as np

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.edits import Edit, Rejection, RowDelta, Sharing, TileDelta
from unet_studio.core.geometry import Rect, TileIndex
from unet_studio.core.instances import Instance, Origin
from unet_studio.store.edit_codec import pack_edit


def test_every_part_of_an_edit_comes_back() -> None:
    before, after = np.zeros((3, 4), np.int32), np.full((3, 4), 7, np.int32)
    edit = Edit(
        "Accept all proposals",
        (TileDelta(TileIndex(2, 5), 10, 20, before, after),),
        (RowDelta(7, None, Instance(7, 2, Origin.PROPOSED)),),
        (CheckedArea(), CheckedArea((Rect(0, 0, 5, 6),))),
        1234.5,
        Rejection(99.0, frozenset({3, 4})),
        Sharing(99.0, {1: 7, 2: 7}),
    )
    packed = pack_edit(edit)
    back = packed.load()
    assert (packed.name, packed.made_at) == (edit.name, edit.made_at)
    (tile,) = back.tiles
    assert (tile.index, tile.rect) == (edit.tiles[0].index, edit.tiles[0].rect)
    assert (tile.before == before).all()
    assert (tile.after == after).all()
    assert (back.rows, back.checked, back.rejected, back.shared) == (
        edit.rows, edit.checked, edit.rejected, edit.shared,
    )  # fmt: skip
