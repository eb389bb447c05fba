"""The Django application."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.custody"
