"""Where pigeons land: the far end of the way that only tests have. One POST is one letter."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

AWAY = {"moved": 410, "nowhere": 404}
CUT = 0  # in the place of a status: the letter is taken, and the line breaks before the answer


@dataclass(frozen=True, slots=True)
class Letter:
    number: int
    to: str
    text: str


@dataclass
class Loft:
    """`answers`: the statuses of the next requests; without one a letter is taken."""

    url: str = ""
    letters: list[Letter] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)
    any_signs: bool = True  # False: it reads letters without signs only

    def read(self, to: str) -> list[str]:
        return [letter.text for letter in self.letters if letter.to == to]

    async def take(self, request: web.Request) -> web.Response:
        given = await request.json()
        usual = AWAY.get(given["to"], 201 if given["text"].isascii() or self.any_signs else 422)
        status = self.answers.popleft() if self.answers else usual
        if status not in (201, CUT):
            return web.json_response({}, status=status, headers={"Retry-After": "7"})
        letter = Letter(len(self.letters) + 1, given["to"], given["text"])
        self.letters.append(letter)
        if status == CUT:
            assert request.transport is not None
            request.transport.close()
            await asyncio.sleep(0)
        return web.json_response({"number": letter.number}, status=201)

    async def who(self, _: web.Request) -> web.Response:
        return web.json_response({})


@asynccontextmanager
async def open_loft(*, any_signs: bool = True) -> AsyncIterator[Loft]:
    loft, app = Loft(any_signs=any_signs), web.Application()
    app.add_routes([web.post("/letters", loft.take), web.get("/", loft.who)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        loft.url = f"http://{host}:{port}"
        yield loft
    finally:
        await runner.cleanup()
