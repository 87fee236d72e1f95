"""The HTTP server: a status page, /healthz, and whatever routes bot.app mounts."""

import asyncio
import html
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute

from handlers.http.bodies import Capped, broken_off
from handlers.http.crowd import Crowd, most_connections
from handlers.http.guarded import GuardedConfig, GuardedServer

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{shop} · Stockbell</title>
<style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;
margin:4rem auto;padding:0 1rem}}dt{{font-weight:600}}dd{{margin:0 0 .5rem}}</style>
<h1>{shop}</h1><p>Stockbell {verdict} ({role}).</p><dl>{rows}</dl></html>"""


@dataclass(frozen=True, slots=True)
class Health:
    """What /healthz asks: whether this process leads or stands by, `states` of the parts, and why
    the database cannot be written, or ""."""

    shop: str
    role: Callable[[], str]
    states: Callable[[], Mapping[str, str]]
    database_trouble: Callable[[], Awaitable[str]]

    async def report(self) -> tuple[bool, dict[str, str]]:
        parts = dict(self.states())
        parts["database"] = await self.database_trouble() or "running"
        return all(state == "running" for state in parts.values()), parts


def build_http(health: Health, routes: Sequence[BaseRoute]) -> FastAPI:
    """The application; web-hook routes come from their platforms' packages."""
    http = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @http.get("/healthz")
    async def healthz() -> Response:
        good, parts = await health.report()
        told = {"ok": good, "role": health.role(), "parts": parts}
        return JSONResponse(told, status_code=200 if good else 503)

    @http.get("/")
    async def page() -> Response:
        good, parts = await health.report()
        rows = "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(state)}</dd>"
            for name, state in sorted(parts.items())
        )
        verdict = "is running" if good else "needs a look"
        shop = html.escape(health.shop)
        role = html.escape(health.role())
        return HTMLResponse(PAGE.format(shop=shop, verdict=verdict, role=role, rows=rows))

    http.router.routes.extend(routes)
    http.add_middleware(Capped)
    http.add_exception_handler(ClientDisconnect, broken_off)
    return http


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A supervised part: serves on a bound socket until it is told to stop."""

    app: FastAPI
    socket: socket.socket
    crowd: Crowd = field(default_factory=lambda: Crowd(most_connections()))

    async def run(self, stop: asyncio.Event) -> None:
        config = GuardedConfig(self.app, self.crowd)
        server = GuardedServer(config)
        serving = asyncio.create_task(server.serve(sockets=[self.socket]))
        watching = asyncio.create_task(self.crowd.watch())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        stopping.cancel()
        server.should_exit = True
        await serving


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything starts. Raises OSError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError:
        taken.close()
        raise
    return taken
