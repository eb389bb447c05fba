"""Addresses of what all pages share."""

from __future__ import annotations

from django.urls import path

from cryomassage_clinic.web import drafts, views

urlpatterns = [
    path("", views.today, name="today"),
    path("more/", views.more, name="more"),
    path("drafts/<path:form>", drafts.draft, name="draft"),
    path("alive", views.alive, name="alive"),
]
