"""The page by which a tablet learns to trust the clinic: plain HTTP, read-only, five answers and no more."""

from __future__ import annotations

import html
import io
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from urllib.parse import parse_qs, urlsplit

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language_info

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_STYLES = ("web/tokens.css", "web/base.css", "lan/trust.css")


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    kind: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrustPage:
    """What the page tells."""

    authority: Path
    fingerprint: str
    secure_address: str  # where the clinic is
    own_address: str  # where this page is

    def answer(self, target: str, accept_language: str = "") -> Answer:
        """The answer to a GET of this target."""
        parts = urlsplit(target)
        if parts.path == "/":
            asked = parse_qs(parts.query).get("lang", [""])[0]
            return self._page(asked if asked in dict(settings.LANGUAGES) else _preferred(accept_language))
        if parts.path == "/cryomassage.crt":
            der = ssl.PEM_cert_to_DER_cert(self.authority.read_text("ascii"))
            named = {"Content-Disposition": 'attachment; filename="cryomassage.crt"'}
            return Answer(200, "application/x-x509-ca-cert", der, named)
        if parts.path == "/page.css":
            return Answer(200, "text/css; charset=utf-8", _styles())
        if parts.path == "/qr.svg":
            return Answer(200, "image/svg+xml", qr_picture(self.own_address))
        if parts.path == "/icon.svg":
            return Answer(200, "image/svg+xml", Path(str(finders.find("web/icon.svg"))).read_bytes())
        return Answer(404, "text/plain; charset=utf-8", b"There is no such page here.")

    def _page(self, language: str) -> Answer:
        with translation.override(language):
            text = render_to_string(
                "lan/trust.html",
                {
                    "fingerprint": self.fingerprint,
                    "secure_address": self.secure_address,
                    "own_address": self.own_address,
                    "language": language,
                    "direction": "rtl" if translation.get_language_bidi() else "ltr",
                    "languages": [get_language_info(code) for code, _name in settings.LANGUAGES],
                },
            )
        return Answer(200, "text/html; charset=utf-8", text.encode(), {"Content-Language": language})


def _preferred(accept_language: str) -> str:
    """The first language that the browser asks for and that there is."""
    known = dict(settings.LANGUAGES)
    for part in accept_language.split(",")[:20]:
        code = part.split(";")[0].strip().lower().split("-")[0]
        if code in known:
            return code
    return str(settings.LANGUAGE_CODE)


def _styles() -> bytes:
    texts = [Path(str(finders.find(name))).read_text("utf-8") for name in _STYLES]
    return "\n".join(texts).encode()


def qr_picture(address: str) -> bytes:
    """An address as a QR code, as SVG."""
    code = qrcode.QRCode(border=2, image_factory=qrcode.image.svg.SvgPathFillImage)
    code.add_data(address)
    kept = io.BytesIO()
    code.make_image().save(kept)
    return kept.getvalue()


def qr_text(address: str) -> str:
    """An address as a QR code for a terminal, dark on light whatever its colours."""
    code = qrcode.QRCode(border=2)
    code.add_data(address)
    kept = io.StringIO()
    code.print_ascii(out=kept, invert=True)
    return "\n".join(line for line in kept.getvalue().splitlines() if line.strip(" \u00a0"))


class TrustServer:
    """Serves the page from a thread, on a socket that is open already."""

    def __init__(self, page: TrustPage, opened: socket) -> None:
        self.page = page  # may be another one later
        self._server = _server(lambda: self.page, opened)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name="trust page")

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and close the socket."""
        self._server.shutdown()
        self._server.server_close()


def _server(page: Callable[[], TrustPage], opened: socket) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds without a word from the other side
        server_version = "cryomassage"
        sys_version = ""

        def do_GET(self) -> None:
            self._send(page().answer(self.path, self.headers.get("Accept-Language", "")), body=True)

        def do_HEAD(self) -> None:
            self._send(page().answer(self.path, self.headers.get("Accept-Language", "")), body=False)

        def _send(self, answer: Answer, *, body: bool) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in {**_HEADERS, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(answer.body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing is kept of who reads the page."""

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            self._send(Answer(code, "text/plain; charset=utf-8", html.escape(message or "refused").encode()), body=True)

    server = ThreadingHTTPServer(opened.getsockname()[:2], Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = opened
    server.daemon_threads = True
    return server
