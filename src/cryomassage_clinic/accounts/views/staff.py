"""The owner's pages about staff."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cryomassage_clinic.accounts import invitations, qr, selectors, services
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.forms import ChangeForm, InviteForm, LinkForm
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can, Role
from cryomassage_clinic.accounts.reauthentication import ask_again, reauthenticated
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page

_SHOWN_ONCE = "link_shown_once"


@page(Can.MANAGE_STAFF)
def staff_list(request: StaffRequest) -> HttpResponse:
    """Who works here, and as what."""
    return render(request, "accounts/staff_list.html", {"people": selectors.staff(request.actor)})


@page(Can.MANAGE_STAFF, methods=("GET", "POST"))
@reauthenticated
def staff_new(request: StaffRequest) -> HttpResponse:
    """Invite somebody."""
    form = InviteForm(request.actor, request.POST or None, initial={"role": Role.OPERATOR})
    if request.method == "POST" and form.is_valid():

        def write() -> str:
            said = form.cleaned_data
            user, token = services.invite(
                request.actor, said["full_name"], said["username"], Role(said["role"]), form.sites_chosen()
            )
            return _keep(request, user, token)

        try:
            return HttpResponseRedirect(write_once(request, request.actor, write))
        except services.NameTakenError:
            form.add_error("username", _("Somebody has this user name already. Choose another."))
    return _form(request, "accounts/staff_new.html", form, {})


@page(Can.MANAGE_STAFF, methods=("GET", "POST"))
def staff_edit(request: StaffRequest, pk: str) -> HttpResponse:
    """What somebody is, and whether they still work here."""
    member = get(request.actor, User, pk, Can.MANAGE_STAFF)
    form = ChangeForm(request.actor, request.POST or None, initial=_said_of(member))
    changed: list[str] = []
    if request.method == "POST" and form.is_valid():

        def write() -> str:
            said = form.cleaned_data
            services.change(
                request.actor,
                member,
                seen_version=request.POST.get("version"),
                full_name=said["full_name"],
                role=Role(said["role"]),
                sites=form.sites_chosen() if "sites" in form.fields else member.sites.all(),
                active=said["active"],
            )
            return reverse("staff_list")

        try:
            address = write_once(request, request.actor, write)
        except services.LastOwnerError:
            form.add_error(
                None,
                _(
                    "This is the last owner. Without one nobody could invite, export or erase. "
                    "Make somebody else an owner first; they must have chosen their password."
                ),
            )
        except StaleFormError as stale:
            member = stale.record
            changed = _differences(form, member)
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(address)
    more = {
        "member": member,
        "changed": changed,
        "open_sessions": len(list(selectors.open_sessions(request.actor, member))),
        "waiting": invitations.waiting_for(member),
    }
    return _form(request, "accounts/staff_edit.html", form, more, status=409 if changed else None)


@page(Can.MANAGE_STAFF, methods=("GET", "POST"))
def staff_link(request: StaffRequest, pk: str) -> HttpResponse:
    """Give somebody a new link, in place of a forgotten password."""
    member = get(request.actor, User, pk, Can.MANAGE_STAFF)
    question = ask_again(request)
    if question is not None:
        return question
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and member.is_active:

        def write() -> str:
            without = form.cleaned_data["without_second_step"]
            return _keep(request, member, services.new_link(request.actor, member, without_second_step=without))

        return HttpResponseRedirect(write_once(request, request.actor, write))
    return _form(request, "accounts/staff_link.html", form, {"member": member})


@page(Can.MANAGE_STAFF)
def staff_link_shown(request: StaffRequest, pk: str) -> HttpResponse:
    """The link and its QR code, once."""
    member = get(request.actor, User, pk, Can.MANAGE_STAFF)
    kept = request.session.pop(_SHOWN_ONCE, None)
    token = kept["token"] if kept and kept["user"] == str(member.pk) else None
    link = request.build_absolute_uri(reverse("invitation", args=[token])) if token else None
    found = {"member": member, "link": link, "code": qr.code(link) if link else None, "days": invitations.VALID.days}
    return render(request, "accounts/staff_link_shown.html", found)


@page(Can.MANAGE_STAFF, methods=("POST",))
def staff_sessions_end(request: StaffRequest, pk: str) -> HttpResponse:
    """Log somebody out everywhere."""
    member = get(request.actor, User, pk, Can.MANAGE_STAFF)

    def write() -> str:
        ended = services.end_sessions(request.actor, member)
        messages.success(
            request, ngettext("Logged out in %(n)d browser.", "Logged out in %(n)d browsers.", ended) % {"n": ended}
        )
        return reverse("staff_edit", args=[member.pk])

    return HttpResponseRedirect(write_once(request, request.actor, write))


def _keep(request: StaffRequest, user: User, token: str) -> str:
    """Keep the link for the page that shows it once."""
    request.session[_SHOWN_ONCE] = {"user": str(user.pk), "token": token}
    return reverse("staff_link_shown", args=[user.pk])


def _said_of(member: User) -> dict[str, Any]:
    return {
        "full_name": member.full_name,
        "role": member.role,
        "sites": [site.pk for site in member.sites.all()],
        "active": member.is_active,
    }


def _differences(form: ChangeForm, now: User) -> list[str]:
    """What somebody else has changed meanwhile, in words."""
    said = form.cleaned_data
    told = []
    if said["full_name"] != now.full_name:
        told.append(_("Name: %(now)s") % {"now": now.full_name})
    if said["role"] != now.role:
        told.append(_("Role: %(now)s") % {"now": now.get_role_display()})
    if said["active"] != now.is_active:
        told.append(_("Works here") if now.is_active else _("No longer works here"))
    return told or [_("The same as you have chosen.")]


def _form(
    request: StaffRequest, template: str, form: Any, more: dict[str, Any], status: int | None = None
) -> HttpResponse:
    """A form; one with errors says so in its status."""
    return render(request, template, {"form": form, **more}, status=status or (422 if form.errors else 200))
