"""The Django application."""

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.visits"
