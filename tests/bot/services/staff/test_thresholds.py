"""Where an alert begins and where it is over."""

import pytest

from bot.domain.staff import BadThreshold, ThresholdSet
from tests.support.shop import Shop


@pytest.mark.usefixtures("mug")
async def test_a_threshold_needs_a_clear_level_above_it(shop: Shop) -> None:
    assert isinstance(await shop.stock("threshold MUG 10 clear 10"), BadThreshold)
    answer = await shop.stock("threshold MUG 10 clear 14")
    assert isinstance(answer, ThresholdSet)
    assert (answer.position.reorder_point, answer.clear_level) == (10, 14)
