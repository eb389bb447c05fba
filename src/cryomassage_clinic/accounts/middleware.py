"""What happens around every request of a member of staff: language and the idle lock."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from cryomassage_clinic.accounts.models import User


class StaffMiddleware:
    """Shows pages in the person's language and in the clinic's time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        user = request.user
        if not isinstance(user, User) or user.clinic is None:
            return self.get_response(request)
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(ZoneInfo(user.clinic.time_zone)):
            return self.get_response(request)
