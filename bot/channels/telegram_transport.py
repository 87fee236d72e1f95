"""Telegram's Bot API over aiohttp, for shops that send hundreds of messages a second.

A message costs a fraction of the processor time that it costs over httpx: tests/bench/transport.py.
"""

import io
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECTIONS = 256  # 1000 messages a second at a quarter of a second each
FORM = "application/x-www-form-urlencoded"
DEFAULT = BaseRequest.DEFAULT_NONE  # a call that asks for nothing of its own


class AiohttpRequest(BaseRequest):
    """PTB's transport over one aiohttp session; proxies and certificates are found as httpx does.

    `root` is the server's. Timeouts are seconds. aiohttp watches connecting and each read; writing
    has no clock of its own, so the whole request must be over within the sum of all four. Raises
    NetworkError or TimedOut whose __cause__ is aiohttp's error; no text of theirs shows the URL, in
    which the token stands.
    """

    def __init__(
        self,
        root: str,
        connections: int = CONNECTIONS,
        *,
        read_timeout: float | None = 10.0,
        write_timeout: float | None = 5.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 5.0,
        media_write_timeout: float | None = 60.0,
    ) -> None:
        self._connections = connections
        self._read_timeout, self._write_timeout = read_timeout, write_timeout
        self._connect_timeout, self._pool_timeout = connect_timeout, pool_timeout
        self._media_write_timeout = media_write_timeout
        self._session: aiohttp.ClientSession | None = None
        self._proxy = proxy_for(root)

    @property
    def read_timeout(self) -> float | None:
        """Seconds that an answer may take."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the session; needs a running loop. Once more does nothing."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=certificates()),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "User-Agent": self.USER_AGENT,
                    "Content-Type": FORM,
                    "Accept-Encoding": "identity",  # an answer is a kilobyte
                },
            )

    async def shutdown(self) -> None:
        """Close every connection; `initialize` opens it anew."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = DEFAULT,
        write_timeout: Any = DEFAULT,
        connect_timeout: Any = DEFAULT,
        pool_timeout: Any = DEFAULT,
    ) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        if self._session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        files = request_data is not None and request_data.contains_files
        body = multipart(request_data) if request_data and files else form(request_data)
        timeout = clock(
            pool=given(pool_timeout, self._pool_timeout),
            connect=given(connect_timeout, self._connect_timeout),
            write=given(write_timeout, self._media_write_timeout if files else self._write_timeout),
            read=given(read_timeout, self._read_timeout),
        )
        headers = {"Content-Type": body.content_type} if isinstance(body, aiohttp.Payload) else None
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                proxy=self._proxy,
                allow_redirects=False,
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:  # aiohttp's own are subclasses of it
            raise TimedOut(f"aiohttp.{type(error).__name__}") from error
        except aiohttp.ClientError as error:
            raise NetworkError(f"aiohttp.{type(error).__name__}") from error


def given(value: Any, default: float | None) -> float | None:
    """What a call asks for, else what the transport was made with."""
    if value is DEFAULT:
        return default
    return None if value is None else float(value)


def clock(
    *, pool: float | None, connect: float | None, write: float | None, read: float | None
) -> aiohttp.ClientTimeout:
    """PTB's four timeouts as aiohttp has them; None waits for ever."""
    waits = (pool, connect, write, read)
    return aiohttp.ClientTimeout(
        total=None if None in waits else sum(wait for wait in waits if wait is not None),
        connect=None if pool is None or connect is None else pool + connect,
        sock_connect=connect,
        sock_read=read,
    )


def form(request_data: RequestData | None) -> bytes | None:
    """The parameters as httpx would send them."""
    return request_data.url_encoded_parameters().encode() if request_data else None


def multipart(request_data: RequestData) -> aiohttp.Payload:
    """The parameters and the files. Names of files go as UTF-8, as browsers send them."""
    fields = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in request_data.json_parameters.items():
        fields.add_field(name, value)
    for name, (filename, content, mime) in request_data.multipart_data.items():
        readable = io.BytesIO(content) if isinstance(content, bytes) else content
        fields.add_field(name, readable, filename=filename, content_type=mime)
    return fields()


def proxy_for(root: str) -> str | None:
    """The proxy of the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY) for this server.

    Raises RuntimeError for a proxy that is not http, as PTB does.
    """
    parts, proxies = urlsplit(root), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return None
    scheme, separator, _ = proxy.partition("://")
    if separator and scheme not in ("http", "https"):
        raise RuntimeError(f"HTTPS_PROXY: a {scheme} proxy cannot be used, only http")
    return proxy if separator else f"http://{proxy}"


def certificates() -> ssl.SSLContext:
    """Whom to trust: certifi's list, or SSL_CERT_FILE of the environment, as httpx does."""
    return httpx.create_ssl_context()
