"""The Django application."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """Declares the application; after every migration the triggers are there."""

    name = "cryomassage_clinic.audit"

    def ready(self) -> None:
        """Connect the triggers."""
        from cryomassage_clinic.audit.guard import add_triggers

        post_migrate.connect(add_triggers, sender=self, dispatch_uid="audit-triggers")
