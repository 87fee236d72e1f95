"""The real demo in a browser: its tour comes to its end, and the documents' pictures are of it.

STOCKBELL_PICTURES=1 writes docs/images anew.
"""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.support.process import BotProcess

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
WRITES = os.environ.get("STOCKBELL_PICTURES") == "1"
PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 300_000  # bytes: a README that loads on a phone
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+\.png)\)|<img[^>]*src=\"([^\"]+\.png)\"")
ADDRESS = re.compile(r"demo is at (http://\S+)")

LAPTOP, PHONE = (1280, 800), (390, 844)
TOUR_WITHIN = 45_000  # ms; it takes about two seconds at ?pace=0

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium"
)


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[str]:
    """`make demo` in an empty folder; gives the address that it prints."""
    command = ("-m", "bot", "demo", "--no-open", "--port", "0")
    async with BotProcess(folder, {}, command=command, name="demo") as process:
        found = ADDRESS.search(await process.wait_for_output("Ctrl-C ends it", timeout=30))
        assert found
        yield found[1]
        assert "error" not in process.text.lower(), process.text


@asynccontextmanager
async def shown(url: str, size: tuple[int, int], theme: str) -> AsyncIterator[Page]:
    """The demo's page on a screen of this size. A script that fails there fails the test."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        context = await chromium.new_context(viewport={"width": size[0], "height": size[1]})
        page = await context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(f"{url}/?pace=0&theme={theme}")
        await expect(page.locator("[data-customer]").first).to_be_attached()
        yield page
        await context.close()
        await chromium.close()
    assert problems == []


async def take_the_tour(page: Page) -> None:
    await page.click("#tour-start")
    tour = page.locator("#tour")
    await expect(tour).to_have_attribute(
        "data-state", re.compile("done|failed"), timeout=TOUR_WITHIN
    )
    caption = await page.locator("#tour-caption").text_content()
    assert await tour.get_attribute("data-state") == "done", caption


async def the_customer_was_told(page: Page) -> None:
    """What stands on Emma's phone: a greeting, the place in line, then that it is back."""
    told = page.locator('#telegram [data-from="bot"]')
    await expect(told).to_have_count(3)
    await expect(told.nth(1)).to_contain_text("You have place 3 in line")
    await expect(told.last).to_contain_text("Stoneware mug blue is back in stock (5 left)")
    await expect(told.last.get_by_role("link", name="Buy now")).to_have_attribute(
        "href", "https://shop.example/p/mug-blue"
    )


async def staff_see_who_takes_care(page: Page) -> None:
    """One post about the tea in #stock-alerts, edited when Ann acknowledged it."""
    alert = alert_of(page)
    await expect(alert).to_have_count(1)
    await expect(alert).to_contain_text("Low stock: Sencha green tea 100 g at main")
    await expect(alert).to_contain_text("Projected 5 ≤ reorder point 6")
    await expect(alert).to_contain_text("Acknowledged by @Ann")
    await expect(alert.locator(".edited")).to_be_visible()


def alert_of(page: Page) -> Locator:
    posts = page.locator('#slack-messages > [data-ts]:not([data-ephemeral="true"])')
    return posts.filter(has_text="TEA-GREEN")


async def photograph(what: Page | Locator, name: str) -> None:
    """Keep it as the documents' picture, when that was asked for."""
    if WRITES:
        IMAGES.mkdir(parents=True, exist_ok=True)
        await what.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


async def calm(page: Page) -> None:
    """The pictures are of a shop, not of a tour that is over."""
    await page.click("#tour-stop")
    await expect(page.locator("#tour")).to_be_hidden()
    if await alert_of(page).is_visible():
        await alert_of(page).scroll_into_view_if_needed()


@pytest.mark.browser
@needs_chromium
async def test_on_a_laptop_the_demo_shows_the_main_job_from_both_sides(tmp_path: Path) -> None:
    async with demo(tmp_path) as url, shown(url, LAPTOP, "light") as page:
        await take_the_tour(page)
        await the_customer_was_told(page)
        await staff_see_who_takes_care(page)
        await calm(page)
        await photograph(page, "demo-laptop")
        await photograph(page.locator("#telegram .chat"), "customer")
        await photograph(page.locator("#slack .chat"), "staff")


@pytest.mark.promises
@pytest.mark.browser
@needs_chromium
async def test_the_tour_works_again_and_from_any_state(tmp_path: Path) -> None:
    async with demo(tmp_path) as url, shown(url, LAPTOP, "light") as page:
        await take_the_tour(page)
        await page.click("#block-toggle")  # Emma has had enough
        await page.get_by_label("You are").select_option("U3")  # and nobody may touch stock
        await page.fill("#slack-input", "/stock TEA-GREEN")
        await take_the_tour(page)
        last = page.locator('#telegram [data-from="bot"]').last
        await expect(last).to_contain_text("Stoneware mug blue is back in stock")
        await expect(alert_of(page)).to_have_count(2)


@pytest.mark.promises
@pytest.mark.browser
@needs_chromium
async def test_the_clerk_of_the_demo_may_adjust_stock(tmp_path: Path) -> None:
    async with demo(tmp_path) as url, shown(url, LAPTOP, "light") as page:
        await page.get_by_label("You are").select_option("U2")
        await page.fill("#slack-input", "/stock MUG-WHITE +1")
        await page.press("#slack-input", "Enter")
        answer = page.locator('#slack-messages > [data-ephemeral="true"]').last
        await expect(answer).to_contain_text("+1 → 5 at main")


@pytest.mark.promises
@pytest.mark.browser
@needs_chromium
async def test_on_a_phone_the_demo_shows_it_one_side_after_the_other(tmp_path: Path) -> None:
    async with demo(tmp_path) as url, shown(url, PHONE, "dark") as page:
        await take_the_tour(page)
        await staff_see_who_takes_care(page)
        await calm(page)
        await page.click("#tab-telegram")
        await the_customer_was_told(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        await photograph(page, "demo-phone")


def test_every_picture_of_the_documents_is_there_and_small() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    wanted = {
        (page.parent / (found[1] or found[2])).resolve()
        for page in pages
        for found in PICTURE.finditer(page.read_text("utf-8"))
    }
    assert wanted, "the README shows what it is"
    for picture in wanted:
        assert picture.is_file(), f"{picture.name} is missing: run with STOCKBELL_PICTURES=1"
        assert picture.read_bytes()[: len(PNG)] == PNG, picture.name
        assert picture.stat().st_size < LARGEST, picture.name
    assert wanted == set(IMAGES.resolve().glob("*.png")), "a picture that nobody shows"
