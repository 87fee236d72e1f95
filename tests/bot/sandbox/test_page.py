"""The demo page in Chromium, against the real sandbox and a scripted bot on real libraries."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.sandbox.server import Sandbox
from tests.bot.sandbox.test_page_bot import ScriptedBot

CHROMIUM = Path("/usr/bin/chromium")
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=hacked=1>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("one browser for all of them"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium"),
]


@dataclass
class Shop:
    """What a test needs: the page in a browser, the people, and the way to change the world."""

    sandbox: Sandbox
    browser: Browser
    problems: list[str]

    async def page(self, size: Any = LAPTOP, path: str = "/?pace=0", **more: Any) -> Page:
        context = await self.browser.new_context(viewport=size, **more)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.note(message.text))
        await page.goto(self.sandbox.url + path)
        await expect(page.locator("[data-customer]").first).to_be_attached()
        return page

    def note(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.problems.append(text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[tuple[Sandbox, ScriptedBot, Browser]]:
    async with Sandbox() as sandbox, async_playwright() as playwright:
        bot = ScriptedBot(sandbox)
        await bot.start()
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        yield sandbox, bot, browser
        await browser.close()
        await bot.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def shop(stage: tuple[Sandbox, ScriptedBot, Browser]) -> AsyncIterator[Shop]:
    sandbox, bot, browser = stage
    await sandbox.driver.reset()
    bot.open_shop()
    await sandbox.driver.post("slack/users", {"id": "U1", "name": "mei", "real_name": "Mei Lin"})
    await sandbox.driver.post("slack/users", {"id": "U2", "name": "tom", "real_name": "Tom"})
    await sandbox.driver.post("slack/channels", {"id": "C1", "name": "stock-alerts"})
    await sandbox.driver.post("slack/channels", {"id": "C2", "name": "general"})
    for chat_id, name in ((101, "Ana"), (102, "小雨"), (103, HOSTILE)):
        await sandbox.telegram.customer(name, id=chat_id, started=True)
    shop = Shop(sandbox, browser, [])
    yield shop
    for context in browser.contexts:
        await context.close()
    assert shop.problems == []


async def write(page: Page, side: str, text: str) -> None:
    await page.fill(f"#{side}-input", text)
    await page.press(f"#{side}-input", "Enter")


def from_bot(page: Page) -> Locator:
    return page.locator('#telegram [data-from="bot"]')


def posts(page: Page) -> Locator:
    return page.locator("#slack-messages > [data-ts]")


async def test_a_customer_writes_and_the_answer_keeps_its_markup(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "telegram", "/notify MUG-BLUE")
    await expect(from_bot(page)).to_contain_text("You are number 1 in line for MUG-BLUE.")
    await expect(from_bot(page).locator("strong")).to_have_text("MUG-BLUE")
    await expect(from_bot(page).get_by_role("link", name="Shop")).to_have_attribute(
        "href", "https://shop.example/p"
    )
    await expect(page.locator("#telegram-input")).to_have_value("")


async def test_a_pressed_button_shows_the_toast_and_edits_the_message_in_place(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "telegram", "/notify MUG-BLUE")
    await from_bot(page).get_by_role("button", name="Pause").click()
    await expect(page.locator(".toast")).to_have_text("Paused")
    await expect(from_bot(page)).to_have_count(1)
    await expect(from_bot(page)).to_contain_text("we keep your place")
    await expect(from_bot(page).locator(".edited")).to_be_visible()


async def test_an_alert_of_a_button_waits_until_it_is_closed(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "telegram", "/notify MUG-BLUE")
    await from_bot(page).get_by_role("button", name="Terms").click()
    alert = page.get_by_role("dialog")
    await expect(alert).to_contain_text("We write once")
    await page.keyboard.press("Enter")
    await expect(alert).to_have_count(0)


async def test_a_new_customer_reads_what_the_bot_registered_and_presses_start(shop: Shop) -> None:
    await shop.sandbox.telegram.customer("Zoe", id=104, language_code="en")
    page = await shop.page()
    await page.click('[data-customer="104"]')
    await expect(page.locator("#telegram .empty")).to_contain_text("A bell for tests")
    await expect(page.locator("#telegram-input")).to_be_hidden()
    await page.click("#telegram-start")
    await expect(from_bot(page)).to_contain_text("Zoe: /start")
    await expect(page.locator("#telegram-start")).to_be_hidden()
    await expect(page.locator("#telegram-input")).to_be_visible()


async def test_a_customer_can_be_added_blocks_the_bot_and_comes_back(shop: Shop) -> None:
    page = await shop.page()
    await page.click("#add-customer")
    await page.get_by_label("First name").fill("李雷")
    await page.get_by_label("Language of the phone").select_option("zh-hans")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator('[data-customer][aria-pressed="true"]')).to_contain_text("李雷")
    await page.click("#telegram-start")
    await page.click("#block-toggle")
    await expect(page.locator("#telegram-input")).to_be_hidden()
    await page.click("#telegram-start")
    await expect(page.locator("#telegram-input")).to_be_visible()


async def test_a_slash_suggests_the_commands_that_the_bot_registered(shop: Shop) -> None:
    page = await shop.page()
    await page.type("#telegram-input", "/no")
    await expect(page.locator("#telegram").get_by_role("option")).to_have_text(
        ["/notify tell me when it is back"]
    )
    await page.press("#telegram-input", "Tab")
    await expect(page.locator("#telegram-input")).to_have_value("/notify ")
    await page.fill("#telegram-input", "")
    await page.click("#telegram-menu")
    await expect(page.locator("#telegram").get_by_role("option")).to_have_count(2)


async def test_a_document_is_a_chip_with_its_name_and_size(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "telegram", "/file")
    await expect(from_bot(page).locator(".document")).to_contain_text("mydata.json2 B")


async def test_a_deep_link_to_the_bot_starts_it_with_its_payload(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "telegram", "/echo https://t.me/stockbell_demo_bot?start=n_7")
    await from_bot(page).get_by_role("link").click()
    await expect(from_bot(page).last).to_contain_text("Ana: /start n_7")


async def test_other_customers_show_what_they_have_not_read(shop: Shop) -> None:
    page = await shop.page()
    await shop.sandbox.driver.post("telegram/102/send", {"text": "/echo hello"})
    other = page.locator('[data-customer="102"]')
    await expect(other.locator(".badge")).to_contain_text("1")
    await other.click()
    await expect(from_bot(page)).to_contain_text("小雨: /echo hello")
    await expect(other.locator(".badge")).to_have_count(0)


async def test_names_and_texts_never_become_markup(shop: Shop) -> None:
    page = await shop.page()
    await page.click('[data-customer="103"]')
    await write(page, "telegram", f"/echo {HOSTILE}")
    await expect(from_bot(page)).to_contain_text(f"{HOSTILE}: /echo {HOSTILE}")
    await write(page, "slack", f"/stock {HOSTILE.replace(' ', '_')}")
    await expect(posts(page)).to_contain_text("<img_src=x_onerror=hacked=1>")
    await write(page, "slack", f"just talking {HOSTILE}")
    await expect(posts(page).last).to_contain_text(f"just talking {HOSTILE}")
    assert await page.evaluate("[window.hacked, document.querySelector('[onerror]')]") == [None] * 2


async def test_a_slash_command_is_answered_for_its_sender_alone(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "slack", "/stock MUG-BLUE")
    card = page.locator('[data-ephemeral="true"]')
    await expect(card).to_contain_text("Only visible to you")
    await expect(card.locator(".block-header")).to_have_text("Product card")
    await expect(card.locator(".block-section")).to_have_text("MUG-BLUE & 0")
    await expect(card.locator("thead th")).to_have_text(["Place", "On hand"])
    await expect(card.locator(".block-context")).to_have_text("last move: 📦 +1")
    await page.select_option("#slack-user", "U2")
    await expect(card).to_have_count(0)


async def test_a_modal_shows_errors_in_place_keeps_what_was_typed_and_closes_when_right(
    shop: Shop,
) -> None:
    page = await shop.page()
    await write(page, "slack", "/stock MUG-BLUE")
    await page.click('[data-action-id="adjust"]')
    dialog = page.get_by_role("dialog", name="Adjust stock")
    await dialog.get_by_label("Change").fill("many")
    await dialog.get_by_label("Place").select_option("cellar")
    await dialog.get_by_label("count").check()
    await dialog.get_by_role("button", name="Book").click()
    await expect(dialog.locator('[data-block-id="quantity"]')).to_contain_text("A whole number")
    await expect(dialog.get_by_label("Change")).to_be_focused()
    await expect(dialog.get_by_label("Place")).to_have_value("cellar")
    await expect(dialog.get_by_label("count")).to_be_checked()
    await dialog.get_by_label("Change").fill("+5")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(posts(page).last).to_contain_text("+5 at cellar: count")


async def test_escape_leaves_a_modal_and_the_focus_returns(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "slack", "/stock MUG-BLUE")
    opener = page.locator('[data-action-id="adjust"]')
    await opener.click()
    await expect(page.get_by_role("dialog").get_by_label("Change")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(opener).to_be_focused()


async def test_an_alert_is_posted_once_and_changes_in_place(shop: Shop) -> None:
    page = await shop.page()
    await write(page, "slack", "/stock TEA-GREEN -6 sold")
    alert = posts(page).filter(has_text="4 left")
    await alert.get_by_role("button", name="Acknowledge").click()
    changed = posts(page).filter(has_text="acknowledged by @Mei Lin")
    await expect(changed.locator(".edited")).to_have_text("(edited)")
    await expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


async def test_replies_fold_below_their_message_and_stay_open(shop: Shop) -> None:
    page = await shop.page()
    post = {"channel": "C1", "text": "Import"}
    answer = await page.request.post(
        f"{shop.sandbox.slack_api_url}chat.postMessage",
        data=post,
        headers={"Authorization": "Bearer xoxb-sandbox"},
    )
    thread = {**post, "text": "first detail", "thread_ts": (await answer.json())["ts"]}
    for text in ("first detail", "second detail"):
        await page.request.post(
            f"{shop.sandbox.slack_api_url}chat.postMessage",
            data={**thread, "text": text},
            headers={"Authorization": "Bearer xoxb-sandbox"},
        )
        if text == "first detail":
            await page.get_by_text("1 reply").click()
    await expect(page.get_by_text("2 replies")).to_be_visible()
    await expect(page.get_by_text("second detail")).to_be_visible()


async def test_the_tour_shows_the_main_job_from_the_line_to_the_acknowledgement(
    shop: Shop,
) -> None:
    page = await shop.page()
    await page.click("#tour-start")
    await expect(page.locator("#tour")).to_have_attribute("data-state", "done")
    await expect(from_bot(page)).to_have_count(2)
    await expect(from_bot(page).last).to_contain_text("MUG-BLUE is back!")
    await expect(posts(page).filter(has_text="acknowledged by")).to_have_count(1)
    await page.click("#tour-stop")
    await expect(page.locator("#tour")).to_be_hidden()


async def test_the_tour_can_be_stopped_while_it_types(shop: Shop) -> None:
    page = await shop.page(path="/?pace=2")
    await page.click("#tour-start")
    await expect(page.locator("#telegram-input")).to_have_value(re.compile("^/n"))
    await page.click("#tour-stop")
    await expect(page.locator("#tour")).to_be_hidden()
    await expect(page.locator("#tour-start")).to_be_enabled()
    await expect(page.locator("[data-message]")).to_have_count(0)


async def test_the_tour_explains_kindly_when_nothing_happens(shop: Shop) -> None:
    page = await shop.page(path="/?pace=0&patience=1")  # ms: nobody answers as fast as that
    await page.click("#tour-start")
    await expect(page.locator("#tour")).to_have_attribute("data-state", "failed")
    await expect(page.locator("#tour-caption")).to_contain_text("The bot did not answer")
    await expect(page.locator("#tour-start")).to_be_enabled()


async def test_a_phone_shows_one_side_and_a_dot_for_the_other(shop: Shop) -> None:
    page = await shop.page(PHONE)
    await expect(page.locator("#slack")).to_be_hidden()
    await shop.sandbox.driver.post(
        "slack/command", {"user": "U1", "channel": "C1", "text": "TEA-GREEN -6 sold"}
    )
    await expect(page.locator("#tab-slack .tab-dot")).to_be_visible()
    await page.click("#tab-slack")
    await expect(page.locator("#telegram")).to_be_hidden()
    await expect(posts(page).filter(has_text="4 left")).to_be_visible()
    await expect(page.locator("#tab-slack .tab-dot")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_a_long_code_wraps_and_nothing_is_wider_than_the_phone(shop: Shop) -> None:
    page = await shop.page(PHONE)
    code = "CANDLE_" + "SANDALWOOD" * 12
    await write(page, "telegram", f"/notify {code}")
    await expect(from_bot(page)).to_contain_text(code)
    assert await page.evaluate(TOO_WIDE) == []
    await page.click("#tab-slack")
    await write(page, "slack", f"/stock {code}")
    await expect(posts(page)).to_contain_text(code)
    assert await page.evaluate(TOO_WIDE) == []


async def test_the_tour_on_a_phone_goes_where_something_happens(shop: Shop) -> None:
    page = await shop.page(PHONE)
    await page.click("#tour-start")
    await expect(page.locator("#tour")).to_have_attribute("data-state", "done")
    await expect(page.locator("#tab-slack")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_texts_stand_out_from_their_ground_in_both_themes(shop: Shop, theme: Any) -> None:
    page = await shop.page(color_scheme=theme)
    await write(page, "telegram", "/notify MUG-BLUE")
    await write(page, "slack", "/stock TEA-GREEN")
    await write(page, "slack", "/stock TEA-GREEN -6 sold")
    await expect(from_bot(page)).to_have_count(1)
    await expect(posts(page)).to_have_count(3)
    assert await page.evaluate(WEAK_TEXTS) == []


async def test_the_theme_can_be_switched_and_is_remembered(shop: Shop) -> None:
    page = await shop.page(color_scheme="light")
    await page.click("#theme-toggle")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_page_says_when_the_demo_is_gone_and_when_it_is_back(shop: Shop) -> None:
    page = await shop.page()
    connection = page.locator("#connection")
    await expect(connection).to_have_text("Live")
    await page.route("**/sandbox/state", lambda route: route.abort())
    await shop.sandbox.driver.post("telegram/101/send", {"text": "/echo 1"})
    await expect(connection).to_have_attribute("data-state", "lost")
    await page.unroute("**/sandbox/state")
    await shop.sandbox.driver.post("telegram/101/send", {"text": "/echo 2"})
    await expect(connection).to_have_text("Live")
    await expect(from_bot(page)).to_have_count(2)


async def test_the_keyboard_alone_reaches_everything(shop: Shop) -> None:
    page = await shop.page()
    await page.locator("#telegram-menu").press("Enter")
    await expect(page.locator("#telegram-input")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(from_bot(page)).to_contain_text("Ana: /echo")
    await page.locator('[data-customer="102"]').press("Enter")
    await expect(page.locator(".chat-title p")).to_contain_text("小雨")
    await expect(page.locator('[data-customer="102"]')).to_be_focused()


TOO_WIDE = """() => [...document.querySelectorAll('.pane *')]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => node.className)"""

# Contrast of every visible text with its ground (WCAG 2.2, 1.4.3: 4.5 to 1).
# Translucent grounds are blended.
WEAK_TEXTS = """() => {
  const parse = (css) => {
    const [r, g, b, a = 1] = css.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const over = (top, below) => top.rgb.map((c, i) => c * top.a + below[i] * (1 - top.a));
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    const own = parse(getComputedStyle(node).backgroundColor);
    return own.a === 1 ? own.rgb : over(own, ground(node.parentElement));
  };
  const light = (rgb) => rgb.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  document.getAnimations().forEach((animation) => animation.finish());
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const weak = [];
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    const unseen = node.closest('.sr-only, [disabled], noscript');
    if (!text || unseen || !node.checkVisibility()) continue;
    const back = ground(node);
    const found = ratio(light(over(parse(getComputedStyle(node).color), back)), light(back));
    if (found < 4.5) weak.push(`${text.slice(0, 30)}: ${found.toFixed(1)}`);
  }
  return weak;
}"""
