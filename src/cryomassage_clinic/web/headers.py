"""Headers of all answers, and where a form that a script has sent leads to."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

SAFE_FORM = "X-Safe-Form"  # holds the key of the form; set by safe-form.js
LEADS_TO = "X-Leads-To"


class HeadersMiddleware:
    """Puts the headers that the framework has no setting for on every answer, refusals included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        response = self.get_response(request)
        for name, value in (
            ("Permissions-Policy", settings.PERMISSIONS_POLICY),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        ):
            response.headers.setdefault(name, value)
        return response


class LeadsToMiddleware:
    """Tells safe-form.js the address that a saved form leads to.

    A script that followed the redirect itself would fetch the page once for nothing: it would be noted as read twice,
    and its messages would be used up before anybody saw them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        response = self.get_response(request)
        if SAFE_FORM not in request.headers or response.status_code not in (301, 302, 303):
            return response
        told = HttpResponse(status=204, headers={LEADS_TO: response.headers["Location"]})
        told.cookies = response.cookies
        return told
