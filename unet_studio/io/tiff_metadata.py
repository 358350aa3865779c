"""What TIFF files say about their images beside the pixels: sizes in µm, channels, companion files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from unet_studio.io.image_source import Channel, Colour, plausible_um

_UM_PER_UNIT = {
    "µm": 1.0,
    "um": 1.0,
    "micron": 1.0,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
}
"""No inches: those are of a printer."""
_PRINTERS_PER_INCH = (72, 96, 100, 150, 200, 300, 400, 600, 1200)
_UM_PER_INCH = 25400.0
_OME_HEAD_BYTES = 2**22


@dataclass(frozen=True, slots=True)
class Companion:
    """OME-XML that describes several files, and the first of them."""

    xml: str
    first: Path


def companion_files(path: Path) -> Companion | None:
    """The companion that `path` is or points to, None if it is a file of its own.

    Raises OSError, ValueError.
    """
    if path.name.lower().endswith(".companion.ome"):
        companion = path
    else:
        with tifffile.TiffFile(path) as file:
            if not (file.is_ome and file.ome_metadata and "BinaryOnly" in file.ome_metadata):
                return None
            found = re.search(r'BinaryOnly[^>]*MetadataFile="([^"]+)"', file.ome_metadata)
        if found is None:
            return None
        companion = path.parent / Path(found.group(1)).name
        if not companion.is_file():
            return None
        if not companion.name.lower().endswith(".companion.ome"):
            return Companion(_ome_xml(companion), companion)
    xml = companion.read_bytes()[:_OME_HEAD_BYTES].decode("utf-8")
    names = re.findall(r'FileName="([^"]+)"', xml)
    for name in names:
        if (companion.parent / Path(name).name).is_file():
            return Companion(xml, companion.parent / Path(name).name)
    raise ValueError("none of the files it describes is beside it")


def _ome_xml(path: Path) -> str:
    with tifffile.TiffFile(path) as file:
        return file.ome_metadata or ""


def channels_of(file: tifffile.TiffFile, series: tifffile.TiffPageSeries, count: int) -> tuple[Channel, ...]:
    """Names and colours of the `count` channels of an image of the file, from OME-XML, ImageJ or LSM; empty
    if the file says none."""
    if file.is_ome and file.ome_metadata:
        return _ome_channels(_ome_pixels(file, series), count)
    if file.is_imagej and file.imagej_metadata:
        tables = file.imagej_metadata.get("LUTs", [])
        if len(tables) == count > 1:
            return tuple(Channel(colour=_colour(*np.asarray(table)[:, -1])) for table in tables)
    if file.is_lsm and file.lsm_metadata:
        colours = file.lsm_metadata.get("ChannelColors", {})
        names, values = colours.get("ColorNames", []), colours.get("Colors", [])
        if len(names) == len(values) == count:
            return tuple(Channel(n or None, _colour(*v[:3])) for n, v in zip(names, values, strict=True))
    return ()


def _ome_pixels(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> ElementTree.Element | None:
    """What OME-XML says about the pixels of an image; about the first one's where it does not say which is
    which; None where it is damaged."""
    try:
        root = ElementTree.fromstring(file.ome_metadata or "")
    except ElementTree.ParseError:
        return None
    images = [image for image in root.iter() if image.tag.endswith("}Image") or image.tag == "Image"]
    places = [place for place, one in enumerate(file.series) if one is series]
    own = images[places[0]] if places and len(images) == len(file.series) else root
    return own.find(".//{*}Pixels")


def _ome_channels(pixels: ElementTree.Element | None, count: int) -> tuple[Channel, ...]:
    found = [] if pixels is None else pixels.findall("{*}Channel")
    channels = []
    for one in found:
        colour = one.get("Color")
        try:
            # A signed 32-bit number: red, green, blue, alpha. White says nothing.
            rgba = int(colour) & 0xFFFFFFFF if colour is not None else 0xFFFFFFFF
        except ValueError:
            rgba = 0xFFFFFFFF
        rgb = _colour(rgba >> 24 & 255, rgba >> 16 & 255, rgba >> 8 & 255)
        channels.append(Channel(one.get("Name"), None if rgb == (255, 255, 255) else rgb))
    return tuple(channels) if len(channels) == count else ()


def _colour(red: Any, green: Any, blue: Any) -> Colour:
    return int(red), int(green), int(blue)


def macro_pictures(file: tifffile.TiffFile) -> set[int]:
    """Which of the series of a Leica SCN file show the whole glass: their view is as large as the collection
    that holds them."""
    if not file.is_scn or not file.scn_metadata:
        return set()
    sizes = ("sizeX", "sizeY")
    found, number = set(), 0
    for collection in ElementTree.fromstring(file.scn_metadata).findall("{*}collection"):
        for image in collection.findall("{*}image"):
            view = image.find("{*}view")
            if view is not None and all(view.get(size) == collection.get(size) for size in sizes):
                found.add(number)
            number += len(image.findall("{*}pixels"))
    return found


def pixel_size_um_of(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> float | None:
    """Of an image of the file: from OME-XML, ImageJ's or a slide scanner's description, LSM's header, or from
    the resolution tags in centimetres.

    Resolution in inches is nearly always a printer's (72, 96, 300 dpi), not the microscope's.
    """
    page = series.keyframe
    if file.is_ome and file.ome_metadata:
        pixels = _ome_pixels(file, series)
        size = pixels.get("PhysicalSizeX") if pixels is not None else None
        factor = _UM_PER_UNIT.get(pixels.get("PhysicalSizeXUnit", "µm")) if pixels is not None else None
        return plausible_um(float(size) * factor) if size and factor else None
    if file.is_svs:
        found = re.search(r"MPP\s*=\s*([\d.]+)", page.description)
        return plausible_um(float(found.group(1))) if found else None
    if file.is_lsm and file.lsm_metadata:
        return plausible_um(float(file.lsm_metadata.get("VoxelSizeX", 0)) * 1e6)
    tags = page.tags
    resolution, unit_tag = tags.get("XResolution"), tags.get("ResolutionUnit")
    if resolution is None or not resolution.value[0]:
        return None
    per_unit = resolution.value[0] / resolution.value[1] if resolution.value[1] else 0.0
    if file.is_imagej and file.imagej_metadata:
        unit_name = str(file.imagej_metadata.get("unit", "")).replace("\\u00B5", "µ")
        factor = _UM_PER_UNIT.get(unit_name)
        return plausible_um(factor / per_unit) if factor and per_unit else None
    if unit_tag is not None and int(unit_tag.value) == tifffile.RESUNIT.CENTIMETER and per_unit:
        um = 1e4 / per_unit
        # Programs that know of no microscope write the dots of a printer, also in centimetres.
        if any(abs(_UM_PER_INCH / um - dots) < 0.01 * dots for dots in _PRINTERS_PER_INCH):
            return None
        return plausible_um(um)
    return None
