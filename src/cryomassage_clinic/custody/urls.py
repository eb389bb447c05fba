"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.custody import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.data_page, name="data_page"),
    path("backup/", views.data_backup, name="data_backup"),
    path("export/", views.data_export, name="data_export"),
    path("keeping/", views.retention, name="retention"),
    path("erase/<uuid:pk>/", views.erase_client, name="erase_client"),
    path("erase/<uuid:pk>/file/", views.erase_client_file, name="erase_client_file"),
    path("erase/<uuid:pk>/backups/", views.replace_backups, name="replace_backups"),
]
