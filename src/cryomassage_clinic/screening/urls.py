"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.screening import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("course/<uuid:pk>/", views.screening_form, name="screening_form"),
    path("course/<uuid:pk>/verdict/", views.screening_verdict, name="screening_verdict"),
    path("answers/<uuid:pk>/", views.screening_answers, name="screening_answers"),
    path("client/<uuid:pk>/note/<slug:kind>/", views.note_new, name="note_new"),
    path("note/<uuid:pk>/withdraw/", views.note_withdraw, name="note_withdraw"),
    path("client/<uuid:pk>/test-spot/", views.test_spot_new, name="test_spot_new"),
    path("test-spot/<uuid:pk>/withdraw/", views.test_spot_withdraw, name="test_spot_withdraw"),
]
