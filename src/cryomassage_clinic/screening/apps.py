"""The Django application."""

from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.screening"
