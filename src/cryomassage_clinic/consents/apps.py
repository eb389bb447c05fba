"""The Django application."""

from django.apps import AppConfig


class ConsentsConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.consents"
