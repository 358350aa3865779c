"""`unet-studio predict`: propose masks for images and write them."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, cast

import numpy as np

from unet_studio.cli.progress import ProgressLine
from unet_studio.core.errors import ImageFileError
from unet_studio.io.atomic import writable_folder
from unet_studio.io.image_folder import expand_paths
from unet_studio.io.image_source import whole_plane
from unet_studio.io.label_files import check_mask_names, write_class_png, write_masks
from unet_studio.io.model_folder import find_model
from unet_studio.io.open_image import open_image
from unet_studio.jobs.connection import EngineConnection
from unet_studio.jobs.messages import Predict, Predicted
from unet_studio.settings.locations import DEFAULT_MODEL, shipped_models_folder, user_folder
from unet_studio.settings.mask_formats import CLASS_FORMAT


def predict(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    images = expand_paths(options.paths)
    formats = tuple(dict.fromkeys(options.formats or ["label-tiff"]))
    with_classes = CLASS_FORMAT in formats
    formats = tuple(name for name in formats if name != CLASS_FORMAT)
    check_mask_names([(image, image.stem) for image in images], options.out, formats)
    model = find_model(options.model or DEFAULT_MODEL, user_folder() / "models", shipped_models_folder())
    out = writable_folder(options.out)
    engine = EngineConnection()
    rows: list[dict[str, Any]] = []
    notes: set[str] = set()
    device, unreadable = "", 0
    try:
        for image in images:
            try:
                source = open_image(image)
                plane = whole_plane(source)
            except ImageFileError as error:
                # One bad file must not cost the others.
                print(f"unet-studio: {error}", file=sys.stderr)
                unreadable += 1
                continue
            if source.axes.t * source.axes.z > 1:
                count = source.axes.t * source.axes.z
                print(f"{image.name}: the file holds {count} planes; the first one is used.", file=sys.stderr)
            with ProgressLine(image.name) as progress:
                request = Predict(job=0, model=str(model), device=options.device)
                outcome, arrays = engine.run(request, [plane], progress)
            outcome = cast(Predicted, outcome)
            files = write_masks(out, image.stem, arrays[0], formats)
            if with_classes:
                files.append(write_class_png(out, image.stem, arrays[0], outcome.class_of))
            rows.append(
                {
                    "image": str(image),
                    "instances": int(np.count_nonzero(np.unique(arrays[0]))),
                    "class_of": outcome.class_of,
                    "classes": [one.name for one in outcome.classes],
                    "seconds": round(outcome.seconds, 4),
                    "files": [str(f) for f in files],
                }
            )
            device = outcome.device
            for note in map(str, outcome.notes):
                if note not in notes:
                    notes.add(note)
                    print(f"{image.name}: {note}", file=sys.stderr)
            print(f"{image.name}: {rows[-1]['instances']} instances, {files[0]}")
    finally:
        engine.close()
    if options.json:
        print(json.dumps({"model": str(model), "device": device, "unreadable": unreadable, "images": rows}))
    return 2 if unreadable else 0
