"""What must arrive leaves through the outbox and by no other way."""

from pathlib import Path

from bot.app.platforms import Platforms
from bot.app.running import App
from bot.sandbox.server import Sandbox
from bot.supervisor import Supervisor
from tests.support.live import bot_settings, running


class Unplugged(App):
    """The bot without its outbox workers."""

    def start_outbox(self, supervisor: Supervisor, platforms: Platforms) -> None:
        del supervisor, platforms


async def test_without_the_outbox_worker_no_notice_leaves_and_with_it_all_do(
    tmp_path: Path,
) -> None:
    async with Sandbox() as sandbox:
        ann = await sandbox.slack.user("U1", name="ann")
        channel = await sandbox.slack.channel("C1", name="stock-alerts")
        customer = await sandbox.telegram.customer("Emma")
        found = bot_settings(sandbox, tmp_path)
        async with running(sandbox, found, Unplugged) as shop:
            await shop.product("MUG", "Blue mug")
            await customer.say("/notify MUG")
            await customer.wait_for("line")
            await ann.command("/stock threshold MUG 9")
            await ann.wait_for("9")
            await ann.command("/stock MUG +5")
            await ann.wait_for("+5")
            await shop.judge()
            states = {row.state for row in await shop.rows("notice")}
            assert states <= {"queued", "dropped"}  # an older state of the alert is superseded
            assert [m["text"] for m in await channel.messages()] == []
            assert not any("is back in stock" in m["text"] for m in await customer.messages())
        async with running(sandbox, found):
            await customer.wait_for("is back in stock")
            await channel.wait_for("Blue mug")
