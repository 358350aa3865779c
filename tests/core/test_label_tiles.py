import numpy as np
import pytest

from unet_studio.core.geometry import Rect, TileIndex
from unet_studio.core.label_tiles import LabelTiles, pack_tile, unpack_tile


def filled(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, (256, 256)).astype(np.int32)


def test_a_packed_tile_unpacks_to_itself() -> None:
    tile = filled(1)
    assert (unpack_tile(pack_tile(tile)) == tile).all()


def test_reading_across_tiles_and_outside_gives_the_labels_and_zeros() -> None:
    tiles = LabelTiles()
    tiles.replace(TileIndex(0, 0), filled(1))
    tiles.replace(TileIndex(1, 1), filled(2))
    dense = np.zeros((600, 600), np.int32)
    dense[:256, :256], dense[256:512, 256:512] = filled(1), filled(2)
    assert (tiles.read(Rect(200, 190, 530, 600)) == dense[200:530, 190:600]).all()
    assert (tiles.read(Rect(-5, -5, 3, 3))[5:, 5:] == dense[:3, :3]).all()


def test_samples_at_any_stride_are_the_labels_there() -> None:
    tiles = LabelTiles()
    for row in range(3):
        tiles.replace(TileIndex(row, row), filled(row))
    dense = tiles.read(Rect(0, 0, 768, 768))
    rows, cols = np.arange(3, 768, 17), np.sort(np.r_[np.arange(0, 768, 5), np.arange(0, 768, 7)])
    assert (tiles.sample(rows, cols) == dense[np.ix_(rows, cols)]).all()
    outside = tiles.sample(np.array([-3, -1, 0, 900]), np.array([-1, 0]))
    assert outside[2, 1] == dense[0, 0]
    assert not outside[[0, 1, 3]].any()


def test_more_tiles_than_are_held_unpacked_keep_their_labels() -> None:
    tiles = LabelTiles(unpacked_limit=2)
    for col in range(6):
        tiles.replace(TileIndex(0, col), filled(col))
    for col in range(6):
        assert (tiles.tile(TileIndex(0, col)) == filled(col)).all()


def test_an_open_tile_is_never_put_aside_while_many_others_are_read() -> None:
    tiles = LabelTiles(unpacked_limit=2)
    for col in range(6):
        tiles.replace(TileIndex(0, col), filled(col))
    tiles.open_for_writing(TileIndex(0, 0))[:] = 9
    for col in range(1, 6):
        tiles.tile(TileIndex(0, col))
    tiles.open_for_writing(TileIndex(0, 0))[0, 0] = 8
    tiles.close_written()
    assert tiles.value_at(0, 0) == 8
    assert tiles.value_at(3, 3) == 9


def test_a_snapshot_does_not_see_later_edits() -> None:
    tiles = LabelTiles()
    tiles.replace(TileIndex(0, 0), filled(1))
    snapshot = tiles.snapshot()
    tiles.open_for_writing(TileIndex(0, 0))[:] = 7
    tiles.close_written()
    assert (snapshot.tile(TileIndex(0, 0)) == filled(1)).all()


def test_tiles_given_out_cannot_be_written_to() -> None:
    tiles = LabelTiles()
    tiles.replace(TileIndex(0, 0), filled(1))
    with pytest.raises(ValueError, match="read-only"):
        tiles.tile(TileIndex(0, 0))[0, 0] = 5


def test_a_tile_of_background_takes_no_room() -> None:
    tiles = LabelTiles()
    tiles.replace(TileIndex(0, 0), filled(1))
    tiles.replace(TileIndex(0, 0), np.zeros((256, 256), np.int32))
    assert not tiles.indices()
