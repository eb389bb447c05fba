"""The Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.accounts"

    def ready(self) -> None:
        """Listen to logins and logouts, and to what changes in second steps."""
        from cryomassage_clinic.accounts import signals

        signals.connect()
