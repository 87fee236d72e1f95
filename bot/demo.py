"""`demo`: the real bot against a local Telegram and Slack, in one process, with a small shop."""

import asyncio
import shutil
import signal
import webbrowser
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from uuid import uuid4

import click

from bot import settings_loading
from bot.app.opening import Base, opened
from bot.app.running import App
from bot.app.ways import KNOWN
from bot.domain.bulk import BadFile
from bot.domain.contacts import Address, Caller, Role
from bot.domain.sources import CLI, Source
from bot.domain.staff import Acting
from bot.domain.ways import SLACK
from bot.formats import csv_in
from bot.sandbox.server import Sandbox
from bot.settings import Settings

DEMO = Source("demo")  # who set the stage
FOLDER = Path("data/demo")
# Made up: the sandbox accepts these, no real platform would.
TELEGRAM_TOKEN, SLACK_TOKEN, SLACK_APP_TOKEN = "123456:SANDBOX", "xoxb-sandbox", "xapp-sandbox"
SHOP = "Nordlys & 竹里"
STAFF = (("U1", "ann", "Ann (admin)"), ("U2", "bo", "Bo (clerk)"), ("U3", "cy", "Cy (no role)"))
CHANNELS = (("C1", "stock-alerts"), ("C2", "shop-floor"))
TOUR = {
    "sold_out_sku": "MUG-BLUE",
    "low_sku": "TEA-GREEN",
    "low_minus": 6,
    "staff": "U1",
    "channel": "C1",
}
BEFORE_TOUR = {"MUG-BLUE": 0, "TEA-GREEN": 11}  # as in demo_shop.csv: sold out, and not low
ANN = Caller(Address(SLACK, "U1"))
BO = "slack:U2"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer of the demo and what they wait for from the start."""

    name: str
    language: str
    waits_for: tuple[str, ...] = ()


VISITORS = (
    Visitor("Emma", "en"),
    Visitor("李雷", "zh-hans", ("茶-普洱", "MUG-BLUE")),
    Visitor("Jonas", "de", ("MUG-BLUE", "COFFEE-DEC")),
)


async def serve_demo(*, port: int, browse: bool) -> None:
    """Serve the demo page until Ctrl-C; every start is a new shop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    shutil.rmtree(FOLDER, ignore_errors=True)
    async with Sandbox(port=port) as sandbox:
        visitors = await _people(sandbox)
        async with opened(settings_for(sandbox)) as base:
            await _fill(base)
            await _staff(base)
            sandbox.set_tour(
                TOUR | {"customer_id": visitors[0][1]}, before=partial(_before_tour, base)
            )
            bot = asyncio.create_task(App(base, stop).run())
            listening = asyncio.create_task(sandbox.driver.wait_until_listening())
            await asyncio.wait({bot, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
                await _wait_in_line(sandbox, visitors)
                _greet(sandbox.url, browse=browse)
            listening.cancel()
            await bot


def settings_for(sandbox: Sandbox) -> Settings:
    """The demo's own settings; neither .env nor the environment can reach a real platform."""
    return settings_loading.load(
        KNOWN,
        _env_file=None,
        telegram_bot_token=TELEGRAM_TOKEN,
        telegram_api_url=sandbox.telegram_api_url,
        telegram_mode="polling",
        telegram_alert_chats=(),
        slack_bot_token=SLACK_TOKEN,
        slack_app_token=SLACK_APP_TOKEN,
        slack_api_url=sandbox.slack_api_url,
        slack_mode="socket",
        slack_alert_channel="C1",
        admins="slack:U1",
        database_url=f"sqlite:///{FOLDER}/stockbell.db",
        personal_data_keys="",
        http_host="127.0.0.1",
        http_port=0,
        shop_name=SHOP,
        shop_url="https://shop.example",
        shop_timezone="UTC",
        default_language="en",
        log_level="WARNING",
    )


async def _people(sandbox: Sandbox) -> list[tuple[Visitor, int]]:
    """The customers with their chat ids, and the staff's Slack."""
    for user, name, real_name in STAFF:
        await sandbox.slack.user(user, name=name, real_name=real_name)
    for channel, name in CHANNELS:
        await sandbox.slack.channel(channel, name=name)
    found = []
    for visitor in VISITORS:
        customer = await sandbox.telegram.customer(visitor.name, language_code=visitor.language)
        found.append((visitor, customer.id))
    return found


async def _fill(base: Base) -> None:
    """Import the shop's stock file."""
    data = resources.files("bot").joinpath("demo_shop.csv").read_bytes()
    bulk = base.services.bulk
    staged = await bulk.stage(csv_in.read(data), CLI, "demo")
    if isinstance(staged, BadFile):
        raise ValueError(f"bad: {staged}")  # noqa: TRY004  # the file is wrong, not a type
    await bulk.apply(staged.batch_id)
    await bulk.reindex()


async def _before_tour(base: Base) -> None:
    """What the visitors did is kept; the two products of the tour are where it begins."""
    services = base.services
    for sku, quantity in BEFORE_TOUR.items():
        acting = Acting(ANN, DEMO, f"demo:{uuid4()}")
        await services.writing.set_to(acting, sku, "", quantity, "before the tour")
    while await services.alerting.judge_dirty():  # or the tour's own alert would find one open
        pass


async def _staff(base: Base) -> None:
    """Ann is the admin of the settings; she gives Bo his role."""
    await base.services.people.add_admins((ANN.address,))
    acting = Acting(ANN, DEMO, "demo:bo")
    await base.services.members.set_role(acting, BO, Role.CLERK)


async def _wait_in_line(sandbox: Sandbox, visitors: list[tuple[Visitor, int]]) -> None:
    """Some customers ask for sold-out products, as they would on their phones."""
    for visitor, chat_id in visitors:
        customer = sandbox.telegram.customer_by_id(chat_id)
        for sku in visitor.waits_for:
            await customer.say(f"/notify {sku}")
            await customer.wait_for(sku)


def _greet(url: str, *, browse: bool) -> None:
    click.echo(f"Stockbell's demo is at {url}")
    click.echo("Left: a customer's Telegram. Right: the staff's Slack. Ctrl-C ends it.")
    if browse:
        webbrowser.open(url)
