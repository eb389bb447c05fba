"""The Django application."""

from django.apps import AppConfig


class ChartingConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.charting"
