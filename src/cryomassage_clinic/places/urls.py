"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.places import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.place_list, name="place_list"),
    path("sites/new/", views.site_new, name="place_site_new"),
    path("sites/<uuid:pk>/", views.site_edit, name="place_site_edit"),
    path("sites/<uuid:site_pk>/rooms/new/", views.room_new, name="place_room_new"),
    path("rooms/<uuid:pk>/", views.room_edit, name="place_room_edit"),
    path("rooms/<uuid:room_pk>/vessels/new/", views.vessel_new, name="place_vessel_new"),
    path("vessels/<uuid:pk>/", views.vessel_edit, name="place_vessel_edit"),
    path("vessels/<uuid:pk>/remove/", views.vessel_remove, name="place_vessel_remove"),
    path("sites/<uuid:site_pk>/devices/new/", views.device_new, name="place_device_new"),
    path("devices/<uuid:pk>/", views.device_edit, name="place_device_edit"),
]
