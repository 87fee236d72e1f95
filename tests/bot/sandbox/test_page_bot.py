"""The scripted bot of the page's browser test: real listeners, a made-up shop of two products.

It holds no tests; it is a small stand-in for the real bot, on the same libraries and the same wire.
"""

from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
)

from bot.sandbox.server import Sandbox

Json = dict[str, Any]
POINT = 8


@dataclass
class ScriptedBot:
    """Keeps levels and who waits; TEA-GREEN starts at 10 and is low below 8."""

    sandbox: Sandbox
    levels: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, list[int]] = field(default_factory=dict)
    application: Any = None
    socket: Any = None

    def open_shop(self) -> None:
        self.levels = {"MUG-BLUE": 0, "TEA-GREEN": 10}
        self.waiting = {}

    async def start(self) -> None:
        self.open_shop()
        await self._start_telegram()
        await self._start_slack()

    async def stop(self) -> None:
        await self.socket.close_async()
        await self.application.updater.stop()
        await self.application.stop()
        await self.application.shutdown()

    async def _start_telegram(self) -> None:
        builder: Any = ApplicationBuilder().token("123456:SANDBOX")
        root = self.sandbox.telegram_api_url
        application: Application[Any, Any, Any, Any, Any, Any] = builder.base_url(
            f"{root}/bot"
        ).build()
        application.add_handler(CommandHandler("notify", self.notify))
        application.add_handler(CommandHandler("file", self.file))
        application.add_handler(CommandHandler(["start", "echo"], self.echo))
        application.add_handler(CallbackQueryHandler(self.pressed))
        self.application = application
        await application.initialize()
        await application.bot.set_my_commands(
            [("notify", "tell me when it is back"), ("echo", "say it again")]
        )
        await application.bot.set_my_description("A bell for tests")
        await application.start()
        assert application.updater
        await application.updater.start_polling()

    async def _start_slack(self) -> None:
        client = AsyncWebClient(
            token="xoxb-sandbox", base_url=self.sandbox.slack_api_url, retry_handlers=[]
        )
        app = AsyncApp(client=client)
        app.command("/stock")(self.stock)
        app.action("adjust")(self.open_form)
        app.action("alert_ack")(self.acknowledge)
        app.view("adjust")(self.submitted)
        self.socket = AsyncSocketModeHandler(app, "xapp-sandbox")
        self.socket.client.web_client.base_url = self.sandbox.slack_api_url
        await self.socket.connect_async()

    async def notify(self, update: Update, context: CallbackContext[Any, Any, Any, Any]) -> None:
        assert update.message
        assert context.args
        sku = context.args[0]
        line = self.waiting.setdefault(sku, [])
        line.append(update.message.chat_id)
        rows = [
            [InlineKeyboardButton("Pause", callback_data="pause")],
            [InlineKeyboardButton("Terms", callback_data="terms")],
            [InlineKeyboardButton("Shop", url="https://shop.example/p")],
        ]
        await update.message.reply_html(
            f"You are number {len(line)} in line for <b>{sku}</b>.",
            reply_markup=InlineKeyboardMarkup(rows),
        )

    async def echo(self, update: Update, _context: CallbackContext[Any, Any, Any, Any]) -> None:
        assert update.message
        assert update.effective_user
        await update.message.reply_text(
            f"{update.effective_user.first_name}: {update.message.text}"
        )

    async def file(self, update: Update, _context: CallbackContext[Any, Any, Any, Any]) -> None:
        assert update.message
        await update.message.reply_document(b"{}", filename="mydata.json")

    async def pressed(self, update: Update, _context: CallbackContext[Any, Any, Any, Any]) -> None:
        query = update.callback_query
        assert query
        assert isinstance(query.message, Message)
        if query.data == "terms":
            await query.answer("We write once, then never again.", show_alert=True)
            return
        await query.answer("Paused")
        await query.edit_message_text("Paused: we keep your place.")

    async def stock(
        self, ack: AsyncAck, respond: AsyncRespond, command: Json, client: AsyncWebClient
    ) -> None:
        await ack()
        sku, _, rest = command["text"].partition(" ")
        if not rest:
            await respond(blocks=card(sku, self.levels.get(sku, 0)), text=sku)
            return
        await self.move(sku, int(rest.split()[0]), client)
        await respond(text=f"*{sku}*: {self.levels[sku]} on hand")

    async def move(self, sku: str, quantity: int, client: AsyncWebClient) -> None:
        before = self.levels[sku]
        self.levels[sku] += quantity
        if before <= 0 < self.levels[sku]:
            for chat_id in self.waiting.pop(sku, []):
                await self.application.bot.send_message(chat_id, f"{sku} is back!")
        if before >= POINT > self.levels[sku]:
            blocks = alert_blocks(sku, self.levels[sku])
            await client.chat_postMessage(channel="C1", text=f"{sku} is low", blocks=blocks)

    async def acknowledge(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        text = f"Low stock, acknowledged by <@{body['user']['id']}>"
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
        await client.chat_update(channel="C1", ts=body["message"]["ts"], text=text, blocks=blocks)

    async def open_form(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form())

    async def submitted(self, ack: AsyncAck, view: Json, client: AsyncWebClient) -> None:
        values = view["state"]["values"]
        quantity = values["quantity"]["n"]["value"]
        if not quantity.lstrip("+-").isdigit():
            await ack(response_action="errors", errors={"quantity": "A whole number, please"})
            return
        await ack()
        place = values["place"]["p"]["selected_option"]["value"]
        reason = values["reason"]["r"]["selected_option"]["value"]
        await client.chat_postMessage(channel="C1", text=f"{quantity} at {place}: {reason}")


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str, text: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def options(*values: str) -> list[Json]:
    return [{"text": plain(value), "value": value} for value in values]


def card(sku: str, level: int) -> list[Json]:
    rows = [["Place", "On hand"], ["main", str(level)]]
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    return [
        {"type": "header", "text": plain("Product card")},
        {"type": "section", "text": mrkdwn(f"*{sku}* &amp; `{level}`")},
        {"type": "table", "rows": cells},
        {"type": "divider"},
        {"type": "actions", "elements": [button("adjust", "Adjust")]},
        {"type": "context", "elements": [mrkdwn("last move: :package: +1")]},
    ]


def alert_blocks(sku: str, level: int) -> list[Json]:
    return [
        {"type": "section", "fields": [mrkdwn(f"*{sku}*"), mrkdwn(f"{level} left")]},
        {"type": "actions", "elements": [button("alert_ack", "Acknowledge", style="primary")]},
    ]


def form() -> Json:
    def field_of(block_id: str, label: str, element: Json) -> Json:
        block = {"type": "input", "block_id": block_id, "label": plain(label)}
        return {**block, "element": element}

    place = {"type": "static_select", "action_id": "p", "options": options("main", "cellar")}
    reason = {"type": "radio_buttons", "action_id": "r", "options": options("delivery", "count")}
    return {
        "type": "modal",
        "callback_id": "adjust",
        "title": plain("Adjust stock"),
        "submit": plain("Book"),
        "blocks": [
            field_of("quantity", "Change", {"type": "plain_text_input", "action_id": "n"}),
            field_of("place", "Place", place),
            field_of("reason", "Reason", reason),
        ],
    }
