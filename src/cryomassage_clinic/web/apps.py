"""The Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.web"
