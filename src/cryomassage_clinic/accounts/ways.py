"""Where a page leads next: only to pages of ours."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

_LONGEST = 2000
_SECRETS = frozenset({"password", "old", "pin", "code", "credential", "secret"})


def holds_secret(request: HttpRequest) -> bool:
    """Whether a form holds a password, a PIN or a code: such a form is never kept, not even for a moment."""
    return not _SECRETS.isdisjoint(request.POST)


def safe_next(request: HttpRequest, default: str = "today") -> str:
    """The page that was asked for, if it is one of ours; else another.

    Args:
        request: holds `next`.
        default: name of the other.
    """
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
        return wanted
    return reverse(default)


def lock_address(then: str) -> str:
    """The lock page, and where it leads when it is open."""
    if len(then) > _LONGEST:
        then = ""
    return reverse("lock") + (f"?{urlencode({'next': then})}" if then else "")
