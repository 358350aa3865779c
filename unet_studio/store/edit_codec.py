"""Edits as bytes: msgpack, with the changed boxes as zlib-compressed int32."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import msgspec
import numpy as np

from unet_studio.core.checked_area import CheckedArea
from unet_studio.core.edits import Edit, Rejection, RowDelta, Sharing, TileDelta
from unet_studio.core.geometry import Rect, TileIndex
from unet_studio.core.instances import Instance, Origin
from unet_studio.core.label_tiles import LabelArray

_Row = tuple[int, int, int]
_Rects = list[tuple[int, int, int, int]]


class _TileData(msgspec.Struct, array_like=True):
    row: int
    col: int
    top: int
    left: int
    height: int
    width: int
    before: bytes
    after: bytes


class _EditData(msgspec.Struct, array_like=True):
    tiles: list[_TileData]
    rows: list[tuple[int, _Row | None, _Row | None]]
    checked: tuple[_Rects, _Rects] | None
    rejected: tuple[float, list[int]] | None = None
    shared: tuple[float, dict[int, int]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PackedEdit:
    """A StoredEdit in its compressed form."""

    name: str
    made_at: float
    data: bytes

    @property
    def nbytes(self) -> int:
        """Memory of the compressed form."""
        return len(self.data)

    def load(self) -> Edit:
        """The edit itself."""
        found = msgspec.msgpack.decode(self.data, type=_EditData)
        tiles = tuple(
            TileDelta(
                TileIndex(t.row, t.col),
                t.top,
                t.left,
                _unpack(t.before, (t.height, t.width)),
                _unpack(t.after, (t.height, t.width)),
            )
            for t in found.tiles
        )
        rows = tuple(RowDelta(i, _instance(before), _instance(after)) for i, before, after in found.rows)
        checked = (area_from(found.checked[0]), area_from(found.checked[1])) if found.checked else None
        rejected = Rejection(found.rejected[0], frozenset(found.rejected[1])) if found.rejected else None
        shared = Sharing(*found.shared) if found.shared else None
        return Edit(self.name, tiles, rows, checked, self.made_at, rejected, shared)


def pack_edit(edit: Edit) -> PackedEdit:
    """Compress an edit."""
    data = _EditData(
        tiles=[
            _TileData(
                d.index.row,
                d.index.col,
                d.top,
                d.left,
                d.rect.height,
                d.rect.width,
                _pack(d.before),
                _pack(d.after),
            )
            for d in edit.tiles
        ],
        rows=[(r.instance_id, _row(r.before), _row(r.after)) for r in edit.rows],
        checked=(rects_of(edit.checked[0]), rects_of(edit.checked[1])) if edit.checked else None,
        rejected=(edit.rejected.made_at, sorted(edit.rejected.proposal_ids)) if edit.rejected else None,
        shared=(edit.shared.made_at, edit.shared.instance_of) if edit.shared else None,
    )
    return PackedEdit(edit.name, edit.made_at, msgspec.msgpack.encode(data))


def rects_of(area: CheckedArea) -> _Rects:
    """A checked area as plain numbers."""
    return [(r.top, r.left, r.bottom, r.right) for r in area.rects]


def area_from(rects: _Rects) -> CheckedArea:
    """The checked area of plain numbers."""
    return CheckedArea(tuple(Rect(*r) for r in rects))


def _pack(values: LabelArray) -> bytes:
    return zlib.compress(np.ascontiguousarray(values, "<i4").tobytes(), 1)


def _unpack(data: bytes, shape: tuple[int, int]) -> LabelArray:
    return np.frombuffer(zlib.decompress(data), "<i4").reshape(shape)


def _row(instance: Instance | None) -> _Row | None:
    return (instance.id, instance.class_index, int(instance.origin)) if instance else None


def _instance(row: _Row | None) -> Instance | None:
    return Instance(row[0], row[1], Origin(row[2])) if row else None
