"""The proposals of an image as bytes."""

from __future__ import annotations

import msgspec

from unet_studio.core.classes import FIRST_CLASS
from unet_studio.core.geometry import Rect, TileIndex
from unet_studio.core.label_tiles import LabelTiles
from unet_studio.core.proposals import Proposal, Proposals


class _ProposalsData(msgspec.Struct, array_like=True):
    model: str
    tiles: list[tuple[int, int, bytes]]
    table: list[tuple[int, int, int, int, int, int]]
    accepted: dict[int, int]
    rejected: list[int]
    classes: dict[int, int] = {}
    """Class of the proposals that are not of the first one."""
    made_at: float = 0.0
    covered: list[tuple[int, int, int, int]] | None = None
    scale: float | None = None


def pack_proposals(proposals: Proposals) -> bytes:
    """Compress proposals with their state."""
    packed = proposals.tiles.packed(sorted(proposals.tiles.indices()))
    return msgspec.msgpack.encode(
        _ProposalsData(
            model=proposals.model,
            tiles=[(index.row, index.col, data) for index, data in packed if data is not None],
            table=[
                (p.id, p.rect.top, p.rect.left, p.rect.bottom, p.rect.right, p.area_px)
                for p in proposals.table.values()
            ],
            accepted=dict(proposals.accepted),
            rejected=sorted(proposals.rejected),
            classes={p.id: p.class_index for p in proposals.table.values() if p.class_index != FIRST_CLASS},
            made_at=proposals.made_at,
            covered=None
            if proposals.covered is None
            else [(rect.top, rect.left, rect.bottom, rect.right) for rect in proposals.covered],
            scale=proposals.scale,
        )
    )


def unpack_proposals(data: bytes) -> Proposals:
    """The proposals that `pack_proposals` compressed."""
    found = msgspec.msgpack.decode(data, type=_ProposalsData)
    return Proposals(
        LabelTiles({TileIndex(row, col): labels for row, col, labels in found.tiles}),
        {
            row[0]: Proposal(row[0], Rect(*row[1:5]), row[5], found.classes.get(row[0], FIRST_CLASS))
            for row in found.table
        },
        found.model,
        found.accepted,
        set(found.rejected),
        found.made_at,
        None if found.covered is None else [Rect(*ends) for ends in found.covered],
        found.scale,
    )
