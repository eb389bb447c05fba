"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.consents import text_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("client/<uuid:pk>/", views.consent_overview, name="consent_overview"),
    path("client/<uuid:pk>/sign/<slug:kind>/", views.consent_sign, name="consent_sign"),
    path("signed/<uuid:pk>/", views.consent_page, name="consent_page"),
    path("signed/<uuid:pk>/withdraw/", views.consent_withdraw, name="consent_withdraw"),
    path("texts/", text_views.consent_texts, name="consent_texts"),
    path("texts/version/<uuid:pk>/", text_views.consent_text_version, name="consent_text_version"),
    path("texts/<slug:kind>/<slug:language>/", text_views.consent_text, name="consent_text"),
    path("texts/<slug:kind>/<slug:language>/<slug:treatment>/", text_views.consent_text, name="consent_text"),
]
