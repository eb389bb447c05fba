"""The Django application."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.places"
