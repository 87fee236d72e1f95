"""What is pressed and filled in under an answer; a platform says how its buttons are read."""

from bot.domain.contacts import Role
from bot.domain.customers import Expired
from bot.domain.forms import SlackBlocks
from bot.domain.staff import Acknowledged, Acting, AdjustForm, Card, FormChecked
from bot.render import slack_alerts, slack_card, slack_writes
from bot.services.bundle import Services
from bot.services.staff.writing import Wrote
from handlers.verbs.act import Act


async def card(services: Services, acting: Acting, product_id: int) -> Card | Expired:
    return await services.looking.card(acting, product_id)


async def confirm(services: Services, acting: Acting, token: str) -> Wrote | Expired:
    return await services.adjusting.confirm(acting, token)


async def check(services: Services, acting: Acting, form: AdjustForm) -> FormChecked:
    return await services.adjusting.check(acting, form)


async def adjust(services: Services, acting: Acting, form: AdjustForm) -> Wrote | Expired:
    return await services.adjusting.adjust(acting, form)


async def acknowledge(services: Services, acting: Acting, alert_id: int) -> Acknowledged | Expired:
    return await services.alerting.acknowledge(acting, alert_id)


CARD = Act(Role.VIEWER, card, {SlackBlocks: {Card: slack_card.card}})
CONFIRM = Act(Role.CLERK, confirm, {SlackBlocks: slack_writes.WROTE})
ADJUST = Act(Role.CLERK, adjust, {SlackBlocks: slack_writes.WROTE})
ACKNOWLEDGE = Act(Role.CLERK, acknowledge, {SlackBlocks: {Acknowledged: slack_alerts.acknowledged}})
# Answered by the form itself.
OPEN_ADJUST = Act(Role.CLERK, card)
CHECK_ADJUST = Act(Role.CLERK, check)
