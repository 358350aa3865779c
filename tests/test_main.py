"""What the entry point does before it imports anything heavy."""

from __future__ import annotations

import os

import pytest

from unet_studio import __main__
from unet_studio.engine import server


@pytest.mark.parametrize(("own", "expected"), [({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7")])
def test_the_engine_spins_little_unless_a_person_says_otherwise(
    own: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    monkeypatch.setattr(os, "environ", others | own)
    seen = []

    def served(*_: object) -> int:
        seen.append(os.environ["GOMP_SPINCOUNT"])
        return 0

    monkeypatch.setattr(server, "main", served)
    assert __main__.main(["engine"]) == 0
    assert seen == [expected]
