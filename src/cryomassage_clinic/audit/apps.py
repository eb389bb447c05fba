"""The Django application."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.audit"
