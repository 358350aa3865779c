"""Planes cut out of arrays of any axes are those that numpy cuts out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_studio.core.geometry import Rect
from unet_studio.io.axis_order import AxisOrder, guess_roles
from unet_studio.io.frame_pixels import FramePixels
from unet_studio.io.image_source import ArraySource
from unet_studio.io.plain_pixels import PlainPixels


@st.composite
def stacks(draw: st.DrawFn) -> tuple[str, np.ndarray]:
    """Roles in any order, with several axes of one role, and an array."""
    outer = draw(st.lists(st.sampled_from("TZC"), max_size=4))
    roles = draw(st.permutations([*outer, "Y", "X"]))
    sizes = draw(st.lists(st.integers(1, 4), min_size=len(roles), max_size=len(roles)))
    array = np.arange(int(np.prod(sizes)), dtype=np.int32).reshape(sizes)
    return "".join(roles), array


@given(stacks(), st.data())
def test_a_plane_of_any_order_of_axes_is_what_transposing_gives(
    stack: tuple[str, np.ndarray], data: st.DataObject
) -> None:
    roles, array = stack
    order = AxisOrder(roles, roles, array.shape)
    axes = order.axes
    places = [n for role in "TZCYX" for n, own in enumerate(roles) if own == role]
    cube = np.transpose(array, places).reshape(axes.t, axes.z, axes.c, axes.y, axes.x)
    t, z = data.draw(st.integers(0, axes.t - 1)), data.draw(st.integers(0, axes.z - 1))
    top, left = data.draw(st.integers(0, axes.y - 1)), data.draw(st.integers(0, axes.x - 1))
    rect = Rect(top, left, data.draw(st.integers(top + 1, axes.y)), data.draw(st.integers(left + 1, axes.x)))
    expected = np.moveaxis(cube[t, z, :, *rect.slices], 0, -1)
    np.testing.assert_array_equal(ArraySource("a", (array,), order).read(rect, t=t, z=z), expected)


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int | slice, ...]:
    index: list[int | slice] = []
    for size in shape:
        first = draw(st.integers(0, size - 1))
        last, step = draw(st.integers(first, size)), draw(st.integers(1, 3))
        index.append(
            draw(st.sampled_from([first, slice(first, last, step), slice(first, last), slice(None)]))
        )
    return tuple(index)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.sampled_from(["<u2", ">u2", ">f4", "u1"]),
    st.data(),
)
def test_pixels_in_a_file_are_cut_out_as_numpy_cuts_them(
    tmp_path_factory: pytest.TempPathFactory, shape: list[int], dtype: str, data: st.DataObject
) -> None:
    array = np.arange(int(np.prod(shape))).astype(dtype).reshape(shape)
    path: Path = tmp_path_factory.mktemp("plain") / "a.raw"
    path.write_bytes(b"head" + array.tobytes())
    index = data.draw(indices(tuple(shape)))
    pixels = PlainPixels(path, 4, np.dtype(dtype), tuple(shape))
    np.testing.assert_array_equal(pixels[index], array[index])
    assert pixels[index].dtype == array.dtype.newbyteorder("=")
    frames = array.reshape(-1, *shape[-1:])
    lazy = FramePixels(tuple(shape[:-1]), tuple(shape[-1:]), array.dtype, lambda number: frames[number])
    np.testing.assert_array_equal(lazy[index], array[index])


def test_two_threads_read_a_large_run_as_one_does(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 255, 2**25 + 12345).astype(np.uint8)
    (tmp_path / "a.raw").write_bytes(array.tobytes())
    pixels = PlainPixels(tmp_path / "a.raw", 0, np.dtype(np.uint8), array.shape)
    np.testing.assert_array_equal(pixels[(slice(None),)], array)
    (tmp_path / "a.raw").write_bytes(array[:-1].tobytes())
    with pytest.raises(EOFError, match="1 bytes are missing"):
        pixels[(slice(None),)]


def test_what_a_file_does_not_say_is_taken_as_z() -> None:
    assert guess_roles("QYX", (5, 20, 30)) == ("ZYX", True)
    assert guess_roles("QYX", (1, 20, 30)) == ("ZYX", False)
    assert guess_roles("TCYXS", (5, 2, 20, 30, 3)) == ("TCYXC", False)


def test_letters_that_make_no_planes_are_refused() -> None:
    for roles in ("ZY", "YX", "YYX", "QYX"):
        with pytest.raises(ValueError, match=r"of one length|no axes"):
            AxisOrder("ZYX", roles, (1, 2, 3))
    with pytest.raises(IndexError, match="no plane t=0, z=3"):
        AxisOrder("ZYX", "ZYX", (3, 4, 5)).index(Rect(0, 0, 1, 1), t=0, z=3)
