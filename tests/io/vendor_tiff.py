"""Writes small files laid out as LSM, NDPI, SCN, OIF and OIB are, for want of real ones.

LSM: Zeiss's CZ-Private tag 34412, a thumbnail after every image. NDPI: TIFF with links of 64 bits and the
upper halves of values behind every directory (the layout OpenSlide documents). SCN: BigTIFF whose first
description is Leica's XML, the macro picture first.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tifffile

Pixels = npt.NDArray[np.generic]
LEVEL_STEPS = (1, 4, 16)


def write_lsm(path: Path, planes: Pixels, *, pixel_size_um: float) -> None:
    """`planes` (Z, C, Y, X); three channels or more."""
    z, c, y, x = planes.shape
    fields = [(name or "reserved", kind) for name, kind in tifffile.TIFF.CZ_LSMINFO]
    info = np.zeros(1, fields)
    values = {
        "MagicNumber": 67127628, "StructureSize": info.nbytes, "DimensionX": x, "DimensionY": y,
        "DimensionZ": z, "DimensionChannels": c, "DimensionTime": 1, "DataType": 2, "ThumbnailX": 16,
        "ThumbnailY": 16, "VoxelSizeX": pixel_size_um * 1e-6, "VoxelSizeY": pixel_size_um * 1e-6,
    }  # fmt: skip
    for name, value in values.items():
        info[name] = value
    with tifffile.TiffWriter(path, byteorder="<") as file:
        for number, plane in enumerate(planes):
            tags = [(34412, 1, info.nbytes, info.tobytes(), True)] if number == 0 else []
            file.write(
                plane, photometric="minisblack", planarconfig="separate", metadata=None, extratags=tags
            )
            thumbnail = np.zeros((16, 16, 3), np.uint8)
            file.write(thumbnail, photometric="rgb", subfiletype=1, metadata=None)


def write_ndpi(path: Path, plane: Pixels, *, pixel_size_um: float) -> None:
    """`plane` (Y, X, 3) uint8; smaller copies of it, and a macro picture."""
    data = bytearray(struct.pack("<2sHQ", b"II", 42, 0))
    link = 4
    pages = [(plane[::step, ::step], step, 20.0 / step) for step in LEVEL_STEPS]
    for pixels, step, magnification in [*pages, (np.full((60, 150, 3), 99, np.uint8), 1, -1.0)]:
        height, width = pixels.shape[:2]
        places = []
        resolution = struct.pack("<2I", round(1e7 / pixel_size_um / step), 1000)
        for piece in (pixels.tobytes(), struct.pack("<3H", 8, 8, 8), b"Hamamatsu\0", resolution):
            places.append(len(data))
            data += piece + b"\0" * (len(piece) % 2)
        (bits,) = struct.unpack("<I", struct.pack("<f", magnification))
        rows = [
            (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, places[1]), (259, 3, 1, 1), (262, 3, 1, 2),
            (271, 2, 10, places[2]), (273, 4, 1, places[0]), (277, 3, 1, 3), (278, 4, 1, height),
            (279, 4, 1, pixels.nbytes), (282, 5, 1, places[3]), (283, 5, 1, places[3]), (284, 3, 1, 1),
            (296, 3, 1, 3), (65420, 4, 1, 1), (65421, 11, 1, bits),
        ]  # fmt: skip
        struct.pack_into("<Q", data, link, len(data))
        data += struct.pack("<H", len(rows)) + b"".join(struct.pack("<HHII", *row) for row in rows)
        link = len(data)
        data += struct.pack("<Q", 0) + bytes(4 * len(rows))
    path.write_bytes(data)


def write_scn(path: Path, plane: Pixels, *, pixel_size_um: float, macro_name: str) -> None:
    """`plane` (Y, X, 3) uint8; smaller copies of it, and a macro picture of the whole glass before it."""
    height, width = plane.shape[:2]
    nm = pixel_size_um * 1000
    levels = "".join(
        f'<dimension sizeX="{width // step}" sizeY="{height // step}" r="{number}" ifd="{number + 1}"/>'
        for number, step in enumerate(LEVEL_STEPS)
    )
    xml = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        '<collection name="c" sizeX="26564529" sizeY="76734192">'
        f'<image name="{macro_name}"><pixels sizeX="100" sizeY="300">'
        '<dimension sizeX="100" sizeY="300" r="0" ifd="0"/></pixels>'
        '<view sizeX="26564529" sizeY="76734192" offsetX="0" offsetY="0"/></image>'
        f'<image name="image_0001"><pixels sizeX="{width}" sizeY="{height}">{levels}</pixels>'
        f'<view sizeX="{width * nm:.0f}" sizeY="{height * nm:.0f}" offsetX="9000000" offsetY="8000000"/>'
        "</image></collection></scn>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        macro = np.zeros((300, 100, 3), np.uint8)
        file.write(macro, photometric="rgb", description=xml, metadata=None, tile=(128, 128))
        for step in LEVEL_STEPS:
            per_cm = 1e4 / pixel_size_um / step
            file.write(
                np.ascontiguousarray(plane[::step, ::step]), photometric="rgb", metadata=None,
                tile=(128, 128), resolution=(per_cm, per_cm), resolutionunit="CENTIMETER",
            )  # fmt: skip


def write_oif(path: Path, planes: Pixels, *, pixel_size_um: float, dyes: Sequence[str]) -> None:
    """`planes` (C, Z, Y, X) uint16. Olympus: settings as UTF-16, and a folder of TIFF files beside them."""
    path.write_bytes(_oif_settings(planes, pixel_size_um, dyes))
    folder = path.with_name(f"{path.name}.files")
    folder.mkdir()
    for name, data in _oif_planes(planes):
        (folder / name).write_bytes(data)


def write_oib(path: Path, planes: Pixels, *, pixel_size_um: float, dyes: Sequence[str]) -> None:
    """The same in one file: streams of a compound document, and one that says which file each of them is."""
    files = {"a.oif": _oif_settings(planes, pixel_size_um, dyes)} | dict(_oif_planes(planes))
    streams = {f"Stream{number:05}": data for number, data in enumerate(files.values())}
    info = ["[OibSaveInfo]", 'Name="a.oib"', "Version=2.0.0.0", "MainFileName=Stream00000"]
    info += [f"Stream{number:05}={name}" for number, name in enumerate(files)]
    settings = b"\xff\xfe" + ("\r\n".join(info) + "\r\n").encode("utf-16-le")
    path.write_bytes(_compound_document({"OibInfo.txt": settings, **streams}))


def _oif_settings(planes: Pixels, pixel_size_um: float, dyes: Sequence[str]) -> bytes:
    c, z, y, x = planes.shape
    sizes = {"X": x, "Y": y, "C": c, "Z": z}
    sections = [
        '[ProfileSaveInfo]\r\nName="a.oif"\r\nVersion="1.0.0.0"',
        '[Axis Parameter Common]\r\nAxisCount=8\r\nAxisOrder="XYCZ"',
        *(
            f'[Axis {n} Parameters Common]\r\nAxisCode="{axis}"\r\nMaxSize={sizes[axis]}'
            for n, axis in enumerate(sizes)
        ),
        "[Reference Image Parameter]\r\nValidBitCounts=12\r\n"
        f'WidthConvertValue={pixel_size_um}\r\nWidthUnit="um"',
        *(
            f'[Channel {number} Parameters]\r\nCH Name="CHS{number}"\r\nDyeName="{dye}"'
            for number, dye in enumerate(dyes, 1)
        ),
    ]
    return b"\xff\xfe" + ("\r\n".join(sections) + "\r\n").encode("utf-16-le")


def _oif_planes(planes: Pixels) -> Iterator[tuple[str, bytes]]:
    for channel, depth in np.ndindex(*planes.shape[:2]):
        file = io.BytesIO()
        tifffile.imwrite(file, planes[channel, depth], metadata=None)
        yield f"s_C{channel + 1:03}Z{depth + 1:03}.tif", file.getvalue()


def _compound_document(streams: dict[str, bytes]) -> bytes:
    """Microsoft's compound file, version 3 ([MS-CFB]): no stream so short that it lies in the mini stream."""
    sector, free, end, fat_sector = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    body, fat = bytearray(), list[int]()

    def put(data: bytes) -> int:
        first = len(fat)
        count = -(-len(data) // sector)
        body.extend(data.ljust(count * sector, b"\0"))
        fat.extend([*range(first + 1, first + count), end])
        return first

    def entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        head = struct.pack("<64sHBBIII", text, len(text), kind, 1, free, right, child)
        return head + bytes(36) + struct.pack("<IQ", start, size)

    padded = {name: _at_least_4096(data) for name, data in streams.items()}
    rows = [entry("Root Entry", 5, free, 1, end, 0)]
    for number, (name, data) in enumerate(padded.items(), 1):
        right = number + 1 if number < len(padded) else free
        rows.append(entry(name, 2, right, free, put(data), len(data)))
    rows += [entry("", 0, free, free, 0, 0)] * (-len(rows) % 4)
    directory = put(b"".join(rows))
    fat_start, count = len(fat), 0
    while count * sector // 4 < len(fat) + count:
        count += 1
    table = [*fat, *[fat_sector] * count]
    table += [free] * (count * sector // 4 - len(table))
    header = struct.pack(
        "<8s16sHHHHHHIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, 0,
        0, count, directory, 0, 4096, end, 0, end, 0,
    )  # fmt: skip
    places = [*range(fat_start, fat_start + count)] + [free] * (109 - count)
    return header + struct.pack("<109I", *places) + bytes(body) + struct.pack(f"<{len(table)}I", *table)


def _at_least_4096(data: bytes) -> bytes:
    """Settings end in empty lines, as a text may; behind the end of a TIFF may stand anything."""
    is_text = data[:2] == b"\xff\xfe"
    return data + b"\n\0" * (2048 - len(data) // 2) if is_text else data.ljust(4096, b"\0")
