"""The main roads of both platforms, driven end to end by the real libraries."""

from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot.sandbox.server import Sandbox
from tests.bot.sandbox.bots import SlackBot, TelegramBot


async def notify(update: Update, context: Any) -> None:
    assert update.message
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Remove", callback_data="r:1")]])
    text = f"<b>{context.args[0]}</b> noted"
    await update.message.reply_text(text, parse_mode="HTML", reply_markup=keyboard)


async def remove(update: Update, _context: Any) -> None:
    assert update.callback_query
    await update.callback_query.answer("Removed")
    await update.callback_query.edit_message_text("Gone")


async def test_a_command_is_answered_and_its_button_edits_the_message(
    sandbox: Sandbox, telegram_bot: TelegramBot
) -> None:
    telegram_bot.app.add_handler(CommandHandler("notify", notify))
    telegram_bot.app.add_handler(CallbackQueryHandler(remove))
    await telegram_bot.poll()
    ann = await sandbox.telegram.customer("Ann")
    await ann.say("/notify BOOT-42")
    message = await ann.wait_for("BOOT-42")
    assert message["html"] == "<b>BOOT-42</b> noted"
    await ann.press("Remove")
    edited = await ann.wait_for(lambda m: m["text"] == "Gone" and m["toast"] == "Removed")
    assert (edited["message_id"], edited["edits"]) == (message["message_id"], 1)
    assert edited["reply_markup"] is None


MODAL = {
    "type": "modal",
    "callback_id": "adjust",
    "title": {"type": "plain_text", "text": "Adjust"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "quantity",
            "label": {"type": "plain_text", "text": "By how many"},
            "element": {"type": "plain_text_input", "action_id": "value"},
        }
    ],
}
CARD = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "adjust",
                "value": "7",
                "text": {"type": "plain_text", "text": "Adjust"},
            }
        ],
    }
]


def add_stock_listeners(bot: SlackBot) -> None:
    async def stock(ack: Any, command: Any) -> None:
        await ack(text=f"card of {command['text']}", blocks=CARD)

    async def adjust(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    async def save(ack: Any, view: Any, client: Any) -> None:
        value = view["state"]["values"]["quantity"]["value"]["value"]
        if not value.isdigit():
            await ack(response_action="errors", errors={"quantity": "not a number"})
            return
        await ack()
        await client.chat_postMessage(channel="C1", text=f"adjusted by {value}")

    bot.app.command("/stock")(stock)
    bot.app.action("adjust")(adjust)
    bot.app.view("adjust")(save)


async def walk_through(sandbox: Sandbox, bot: SlackBot) -> None:
    add_stock_listeners(bot)
    channel = await sandbox.slack.channel("C1", "stock-alerts")
    eve = await sandbox.slack.user("U1", "eve")
    result = await eve.command("/stock BOOT-42")
    assert (result["acked"], result["error"]) == (True, None)
    card = await eve.wait_for("card of BOOT-42")
    assert card["ephemeral"]
    assert (await eve.press("Adjust"))["acked"]
    await eve.wait_for_modal()
    assert (await eve.submit({"quantity": "x"}))["errors"] == {"quantity": "not a number"}
    assert (await eve.submit({"quantity": "5"}))["closed"]
    await channel.wait_for("adjusted by 5")
    assert await eve.modal() is None


async def test_a_command_a_button_and_a_modal_work_over_socket_mode(
    sandbox: Sandbox, slack_bot: SlackBot
) -> None:
    await walk_through(sandbox, slack_bot)


async def test_a_command_a_button_and_a_modal_work_over_signed_http(sandbox: Sandbox) -> None:
    async with SlackBot(sandbox, http=True) as bot:
        await walk_through(sandbox, bot)
