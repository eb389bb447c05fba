"""Waits until the server of a test has answered everything: a browser that was closed may have asked just before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_under_way: set[object] = set()
_changed = threading.Condition()


def counted(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that counts the requests under way."""

    def answer(request: HttpRequest) -> HttpResponse:
        one = object()
        with _changed:
            _under_way.add(one)
        try:
            return get_response(request)
        finally:
            with _changed:
                _under_way.discard(one)
                _changed.notify_all()

    return answer


def wait_for_rest(within_s: float = 10.0) -> None:
    """Wait until nothing is under way, so that the tables can be emptied."""
    time.sleep(0.02)  # what was sent just before is on its way
    with _changed:
        assert _changed.wait_for(lambda: not _under_way, within_s), "a request never ended"
