"""The Django application."""

from django.apps import AppConfig


class CoursesConfig(AppConfig):
    """Declares the application."""

    name = "cryomassage_clinic.courses"
