"""`unet-studio doctor`: versions, devices, what will be used and why."""

from __future__ import annotations

import argparse
import json
from typing import Any

import unet_studio
from unet_studio.io.model_folder import list_models
from unet_studio.jobs.describing import describe_machine
from unet_studio.settings.locations import shipped_models_folder, user_folder


def doctor(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    described = describe_machine()
    report: dict[str, Any] = {
        "version": unet_studio.__version__,
        "versions": described.versions,
        "devices": described.devices,
        "chosen": described.chosen,
        "reason": " ".join(map(str, described.reasons)),
        "models": [str(p) for p in list_models(user_folder() / "models", shipped_models_folder())],
        "user_folder": str(user_folder()),
    }
    for name, version in described.versions.items():
        print(f"{name:12} {version}")
    print("devices      " + "; ".join(described.devices))
    print(f"will use     {described.chosen}")
    print(f"because      {report['reason']}")
    print("models       " + (", ".join(report["models"]) or "none"))
    print(f"your files   {report['user_folder']}")
    if options.json:
        print(json.dumps(report))
    return 0
