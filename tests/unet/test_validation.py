"""What is measured on held-out images, and what counts as worse."""

from __future__ import annotations

import pytest

from unet_studio.unet.validation import ValidationScore


def scored(dice: float | None, ap50: float, instances: int) -> ValidationScore:
    return ValidationScore(0.1, dice, 0.8, [0.9, 0.8], 0.95, ap50, 0, 0, 0, 0, instances)


@pytest.mark.parametrize(
    ("instances", "fall", "is_below"),
    [
        # The standard error of 0.9 is 0.043 of fifty cells, 0.0095 of a thousand.
        (50, 0.04, False),
        (50, 0.05, True),
        (1000, 0.009, False),
        (1000, 0.010, True),
    ],
)
def test_an_ap_that_fell_by_more_than_chance_makes_of_so_few_instances_is_worse(
    instances: int, fall: float, is_below: bool
) -> None:
    start = scored(0.8, 0.9, instances)
    assert scored(0.9, 0.9 - fall, instances).is_below(start) == is_below


def test_a_dice_that_fell_at_all_is_worse() -> None:
    start = scored(0.8, 0.5, 50)
    assert scored(0.799, 0.9, 50).is_below(start)
    assert scored(None, 0.9, 50).is_below(start)
    assert not scored(0.8, 0.5, 50).is_below(start)


def test_a_perfect_start_on_few_instances_may_lose_some_by_chance() -> None:
    # (10 + 1) / (10 + 2): a standard error of 0.08.
    start = scored(0.8, 1.0, 10)
    assert not scored(0.9, 0.93, 10).is_below(start)
    assert scored(0.9, 0.9, 10).is_below(start)


def test_without_instances_dice_decides() -> None:
    assert not scored(0.9, 0.0, 0).is_below(scored(0.8, 0.0, 0))
    assert scored(0.7, 0.0, 0).is_below(scored(0.8, 0.0, 0))
    # Nothing is there: who found nothing had an AP of 1, who invents one thing has 0.
    assert not scored(None, 0.0, 0).is_below(scored(None, 1.0, 0))
