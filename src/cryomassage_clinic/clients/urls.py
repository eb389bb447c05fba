"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.clients import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.client_list, name="client_list"),
    path("new/", views.client_new, name="client_new"),
    path("<uuid:pk>/", views.client_card, name="client_card"),
    path("<uuid:pk>/edit/", views.client_edit, name="client_edit"),
]
