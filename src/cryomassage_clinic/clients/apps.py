"""The Django application."""

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.clients"
