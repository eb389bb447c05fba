"""The settings of the product, but for what only costs time in tests."""

import os
import tempfile

os.environ.setdefault("CRYOMASSAGE_DATA", tempfile.mkdtemp(prefix="cryomassage-test-"))

from cryomassage_clinic.settings import *  # noqa: F403

STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405 -- empty, but looked for at the first request

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {  # no collected files are needed
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

MIDDLEWARE = ["tests.clinic.at_rest.counted", *MIDDLEWARE]  # noqa: F405

# Tables are made from the models; that the migrations make the same ones has a test of its own.
MIGRATION_MODULES = {
    name.rsplit(".", 1)[-1]: None
    for name in INSTALLED_APPS  # noqa: F405
    if name not in ("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions")
}
MIGRATION_MODULES |= {"auth": None, "contenttypes": None, "sessions": None, "account": None, "mfa": None}
MIGRATION_MODULES |= {"django_tasks_database": None}

AUDIT_MAY_BE_EMPTIED = True  # transactional tests empty the tables
