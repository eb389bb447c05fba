"""What every page shows around its content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can

# Name of the address, label, icon, and what one must be allowed to do.
NAVIGATION = (
    ("today", _("Today"), "today", Can.SEE_CALENDAR),
    ("client_list", _("Clients"), "clients", Can.SEE_CONTACT),
    ("calendar", _("Calendar"), "calendar", Can.SEE_CALENDAR),
    ("plan_list", _("Plans"), "plans", Can.SEE_HEALTH),
    ("place_list", _("Rooms"), "rooms", Can.SEE_PLACES),
    ("more", _("More"), "more", None),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, theme and direction of writing."""
    user = getattr(request, "user", None)
    staff = user if isinstance(user, User) and user.clinic_id is not None else None
    here = request.resolver_match.url_name if request.resolver_match else ""
    section = (here or "").split("_")[0]
    entries = [
        {"url": url, "label": label, "icon": icon, "here": url.split("_")[0] == section}
        for url, label, icon, can in NAVIGATION
        if staff is not None and (can is None or staff.can(can))
    ]
    # `?dir=rtl` turns any page round, for looking at it before a right-to-left language is translated.
    asked = request.GET.get("dir")
    direction = asked if asked in ("rtl", "ltr") else ("rtl" if get_language_bidi() else "ltr")
    return {
        "staff": staff,
        "navigation": entries,
        "theme": staff.theme if staff is not None else "system",
        "direction": direction,
        "can": {can.value: staff is not None and staff.can(can) for can in Can},
    }
