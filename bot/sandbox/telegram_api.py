"""The Bot API over HTTP: {root}/bot{token}/{method}.

https://core.telegram.org/bots/api#making-requests
"""

import inspect
import math

from aiohttp import web

from bot.sandbox.failures import Failure
from bot.sandbox.faults import Bucket, Window
from bot.sandbox.gate import Call, Reply, pass_through
from bot.sandbox.state import Json
from bot.sandbox.telegram_hooks import METHODS as HOOKS
from bot.sandbox.telegram_messages import METHODS as MESSAGES
from bot.sandbox.telegram_params import Params, read_params
from bot.sandbox.telegram_profile import METHODS as PROFILE
from bot.sandbox.telegram_state import Telegram, TelegramError

METHODS = {name.lower(): method for name, method in (MESSAGES | PROFILE | HOOKS).items()}
NAMES = {name.lower(): name for name in MESSAGES | PROFILE | HOOKS}
UNAUTHORIZED = TelegramError(401, "Unauthorized")
REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    500: "Internal Server Error",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}


def too_many(retry_after: int) -> TelegramError:
    words = f"Too Many Requests: retry after {retry_after}"
    return TelegramError(429, words, {"retry_after": retry_after})


def reply_of(error: TelegramError) -> Reply:
    return Reply(error.code, error.as_json())


def planned(failure: Failure) -> Reply:
    if failure.status == 429 or (failure.retry_after and failure.status is None):
        return reply_of(too_many(failure.retry_after or 1))
    code = failure.status or 500
    return reply_of(TelegramError(code, failure.description or REASONS.get(code, "Error")))


class TelegramApi:
    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram

    def routes(self) -> list[web.RouteDef]:
        path = r"/telegram/bot{token:[^/]+}/{method:\w+}"
        files = r"/telegram/file/bot{token:[^/]+}/documents/{file_id}"
        return [
            web.post(path, self.handle),
            web.get(path, self.handle),
            web.get(files, self.handle_file),
            web.get("/sandbox/files/{file_id}", self.send_file),
        ]

    async def handle(self, request: web.Request) -> web.Response:
        token, method = request.match_info["token"], request.match_info["method"]
        name = NAMES.get(method.lower(), method)  # method names are case-insensitive
        params, broken = Params(), None
        try:
            params = await read_params(request)
        except TelegramError as error:
            broken = error

        async def work() -> Reply:
            if token != self.telegram.token:
                return reply_of(UNAUTHORIZED)
            return reply_of(broken) if broken else await self.run(name, params)

        call = Call("telegram", name, params.text("chat_id"), params.values, request)
        return await pass_through(self.telegram.world, call, work, planned)

    async def run(self, name: str, params: Params) -> Reply:
        method = METHODS.get(name.lower())
        if method is None:
            # the real server says 404; python-telegram-bot would stop, so the sandbox says yes
            return Reply(200, {"ok": True, "result": True})
        try:
            self.check_limits(name, params)
            result = method(self.telegram, params)
            if inspect.isawaitable(result):
                result = await result
        except TelegramError as error:
            return reply_of(error)
        return Reply(200, {"ok": True, "result": result})

    def check_limits(self, name: str, params: Params) -> None:
        """https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""
        faults = self.telegram.world.faults
        if not faults.get("telegram", "limits") or not name.startswith("send"):
            return
        if name == "sendChatAction":
            return
        chat = params.text("chat_id")
        windows, buckets = self.account_limit(params)
        if chat.startswith("-"):
            windows[f"group {chat}"] = Window(20, 60.0)  # "20 messages per minute to one group"
        # "more than one message per second" in one chat; "short bursts" are allowed
        buckets[chat] = Bucket(1.0, 3.0)
        wait = faults.limits["telegram"].spend(windows, buckets)
        if wait:
            raise too_many(math.ceil(wait))

    def account_limit(self, params: Params) -> tuple[dict[str, Window], dict[str, Bucket]]:
        """What all chats share. A paid message counts towards the paid limit only."""
        settings = self.telegram.world.faults.settings["telegram"]
        if params.flag("allow_paid_broadcast"):
            return {}, {"paid": Bucket(settings["paid_rate"], settings["paid_rate"])}
        if settings["limit_kind"] == "bucket":
            return {}, {"all": Bucket(settings["rate"], settings["capacity"])}
        # "about 30 messages per second"; three more for the jitter of a paced sender
        return {"all": Window(33, 1.0)}, {}

    async def answer_in_hook(self, name: str, params: Json) -> None:
        """https://core.telegram.org/bots/api#making-requests-when-getting-updates"""
        await self.run(str(name), Params(params))

    async def handle_file(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.telegram.token:
            return web.json_response(UNAUTHORIZED.as_json(), status=401)
        return await self.send_file(request)

    async def send_file(self, request: web.Request) -> web.Response:
        found = self.telegram.files.get(request.match_info["file_id"])
        if found is None:
            raise web.HTTPNotFound
        name, mime, data = found
        plain = name.encode("ascii", "replace").decode().replace('"', "?")
        # a sent file must not run as a page of the sandbox
        headers = {
            "Content-Disposition": f'attachment; filename="{plain}"',
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=data, content_type=mime.split(";")[0], headers=headers)
