"""Addresses of the chart."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.charting import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("client/<uuid:pk>/", views.chart, name="chart"),
    path("client/<uuid:pk>/never/", views.chart_never, name="chart_never"),
    path("mark/<uuid:pk>/remove/", views.mark_remove, name="mark_remove"),
]
