"""Secret addresses of calendar feeds: make one, see it once, close it; and the feed itself."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.visits import feeds
from cryomassage_clinic.visits.models import CalendarFeed
from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest, page


class FeedForm(forms.Form):
    """What a feed is for, so that one knows later which to close."""

    label = forms.CharField(label=lazy("What it is for"), max_length=80, required=False)


@page(Can.SEE_CALENDAR, methods=("GET", "POST"))
def feed_list(request: StaffRequest) -> HttpResponse:
    """One's feeds; a new one is shown once, right after it was made, and its secret is kept nowhere."""
    form = FeedForm(request.POST or None)
    address, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            made: list[str] = []

            def write() -> str:
                _feed, token = feeds.make_feed(request.actor, form.cleaned_data["label"])
                made.append(token)
                return reverse("feed_list")

            to = write_once(request, request.actor, write)
            if not made:  # sent twice: the first answer has shown it
                messages.info(request, _("This address was shown once already. Close it and make a new one."))
                return redirect(to)
            # No redirect: the secret would have to be kept somewhere on the way.
            address, status, form = request.build_absolute_uri(reverse("feed", args=[made[0]])), 200, FeedForm()
    context = {"form": form, "address": address, "feeds": feeds.feeds_of(request.actor)}
    response = render(request, "visits/feed_list.html", context, status=status)
    if address:
        response["Cache-Control"] = "no-store"
    return response


@page(Can.SEE_CALENDAR, methods=("POST",))
def feed_revoke(request: StaffRequest, pk: str) -> HttpResponse:
    """Close a feed for good."""
    feed = get(request.actor, CalendarFeed, pk, Can.SEE_CALENDAR)

    def write() -> str:
        feeds.revoke_feed(request.actor, feed)
        return reverse("feed_list")

    to = write_once(request, request.actor, write)
    messages.success(request, _("The address is closed. Calendar programs get nothing from it any more."))
    return redirect(to)


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The feed itself, for calendar programs: whoever has the address reads it.

    Raises:
        Http404: the address is wrong or closed.
    """
    try:
        found = feeds.feed_at(token, str(request.META.get("REMOTE_ADDR", "")))
    except feeds.TooOftenError:
        return HttpResponse(
            _("Too often. Try again later."), status=429, content_type="text/plain", headers={"Retry-After": "600"}
        )
    if found is None:
        raise Http404
    response = HttpResponse(feeds.feed_text(found), content_type=feeds.CONTENT_TYPE)
    response["Content-Disposition"] = 'inline; filename="appointments.ics"'
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
