"""The Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.accounts"
