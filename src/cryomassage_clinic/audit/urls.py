"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.audit import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.audit_list, name="audit_list"),
    path("check/", views.audit_check, name="audit_check"),
]
