import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from unet_studio.jobs.framing import MAGIC, FramingError, read_frame, write_frame

dtypes = st.sampled_from([np.uint8, np.uint16, np.int32, np.float32, np.float64, np.bool_])
any_array = dtypes.flatmap(
    lambda d: arrays.arrays(d, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0))
)


@given(st.lists(st.tuples(st.binary(max_size=50), st.lists(any_array, max_size=3)), max_size=4))
def test_frames_come_back_as_they_were_written(frames: list[tuple[bytes, list[np.ndarray]]]) -> None:
    stream = io.BytesIO()
    for body, parts in frames:
        write_frame(stream, body, parts)
    stream.seek(0)
    for body, parts in frames:
        found = read_frame(stream)
        assert found is not None
        assert found[0] == body
        for ours, theirs in zip(parts, found[1], strict=True):
            assert ours.dtype == theirs.dtype
            assert ours.shape == theirs.shape
            assert ours.tobytes() == theirs.tobytes()
    assert read_frame(stream) is None


def test_arrays_that_are_no_contiguous_memory_arrive_whole() -> None:
    stream = io.BytesIO()
    image = np.arange(60).reshape(6, 10)[::2, ::-3]
    write_frame(stream, b"", [image])
    stream.seek(0)
    frame = read_frame(stream)
    assert frame is not None
    assert (frame[1][0] == image).all()


@given(st.binary(min_size=1, max_size=200))
def test_garbage_is_an_error_and_never_a_frame(data: bytes) -> None:
    with pytest.raises(FramingError):
        read_frame(io.BytesIO(data))


@given(st.integers(1, 400))
def test_a_stream_that_ends_in_the_middle_is_an_error(keep: int) -> None:
    stream = io.BytesIO()
    write_frame(stream, b"hello", [np.arange(50)])
    data = stream.getvalue()
    if keep < len(data):
        with pytest.raises(FramingError):
            read_frame(io.BytesIO(data[:keep]))


def test_an_absurd_header_is_refused_before_memory_is_taken() -> None:
    with pytest.raises(FramingError, match="expected a frame"):
        read_frame(io.BytesIO(struct.pack("<4sI", MAGIC, 2**31)))
