"""The Django application."""

from django.apps import AppConfig


class LanConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.lan"
