"""The Django application."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoursesConfig(AppConfig):
    """Declares the application, and guards its tables."""

    name = "cryomassage_clinic.courses"

    def ready(self) -> None:
        """Make the triggers after every migration."""
        from cryomassage_clinic.courses.guard import make_triggers

        post_migrate.connect(make_triggers, sender=self, dispatch_uid="courses.guard")
