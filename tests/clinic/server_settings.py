"""As in production, with a form of one's own to try; for servers in processes of their own."""

from cryomassage_clinic.settings import *  # noqa: F403
from tests.clinic.settings import MIGRATION_MODULES, PASSWORD_HASHERS  # noqa: F401

ROOT_URLCONF = "tests.clinic.server_urls"
