"""Settings of the clinic, all from the environment, with defaults that suit one small computer.

Everything that a clinic owns lies below one folder, `CRYOMASSAGE_DATA`.
"""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.environment import flag, listed, secret_key

PACKAGE = Path(__file__).parent
DATA_FOLDER = Path(os.environ.get("CRYOMASSAGE_DATA") or Path.home() / ".local/share/cryomassage")
DATA_FOLDER.mkdir(parents=True, exist_ok=True)

SECRET_KEY = secret_key(DATA_FOLDER)
DEBUG = False
# The address people type; `run` sets it. Behind a certificate cookies and redirects are held to HTTPS.
ALLOWED_HOSTS = listed("CRYOMASSAGE_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
HTTPS = flag("CRYOMASSAGE_HTTPS", default=False)
CSRF_TRUSTED_ORIGINS = listed("CRYOMASSAGE_ORIGINS", [])

INSTALLED_APPS = [
    "cryomassage_clinic.web",
    "cryomassage_clinic.accounts",
    "cryomassage_clinic.audit",
    "cryomassage_clinic.places",
    "cryomassage_clinic.clients",
    "cryomassage_clinic.screening",
    "cryomassage_clinic.consents",
    "cryomassage_clinic.charting",
    "cryomassage_clinic.courses",
    "cryomassage_clinic.visits",
    "cryomassage_clinic.custody",
    "cryomassage_clinic.lan",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",  # outermost, so that refusals of all others carry the policy too
    "cryomassage_clinic.web.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cryomassage_clinic.accounts.middleware.StaffMiddleware",
    "cryomassage_clinic.web.headers.LeadsToMiddleware",
    "cryomassage_clinic.custody.middleware.DiskFullMiddleware",
]

ROOT_URLCONF = "cryomassage_clinic.urls"
WSGI_APPLICATION = "cryomassage_clinic.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "cryomassage_clinic.web.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "cryomassage_clinic.web.templatetags.clinic"],
        },
    }
]

DATABASES = {
    "default": dj_database_url.config(
        env="DATABASE_URL",
        default=f"sqlite:///{DATA_FOLDER / 'clinic.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Every commit is synced to disk before it is acknowledged; writers queue instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA secure_delete=ON;",
    }
elif DATABASES["default"].get("HOST", "") not in ("", "localhost", "127.0.0.1", "::1") and not str(
    DATABASES["default"]["HOST"]
).startswith("/"):
    # Over a network the connection is encrypted, unless DATABASE_URL itself says how (`?sslmode=verify-full`).
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("sslmode", "require")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits are kept here, so they must survive a restart and be shared by all processes.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "rate_limits", "TIMEOUT": 86400}
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "cryomassage_clinic.accounts.adapter.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = False  # tries are counted by accounts.limits: a cache forgets when it is full
ACCOUNT_FORMS = {"login": "cryomassage_clinic.accounts.second_step.StaffLoginForm"}
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "cryomassage_clinic.accounts.second_step.CodeForm",
    "reauthenticate": "cryomassage_clinic.accounts.second_step.CodeAgainForm",
    "add_webauthn": "cryomassage_clinic.accounts.second_step.NewPasskeyForm",
    "edit_webauthn": "cryomassage_clinic.accounts.second_step.PasskeyNameForm",
}
MFA_TOTP_TOLERANCE = 1  # tablets' clocks are not always right
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Cryomassage"

IDLE_LOCK_S = 15 * 60
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
if HTTPS:  # the prefix binds the cookie to this very host; browsers check it
    SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "cryomassage_clinic.web.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# What a page may use of the device: what the clinic's own pages need, and for themselves only. Bluetooth is not named:
# it is for the page itself where nothing is said, and Chromium on Linux complains about the name on every page.
PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(self), camera=(self), display-capture=(), fullscreen=(self), "
    "geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(self), serial=(), usb=()"
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # what is stored; each clinic has its own zone for what is shown

STATIC_URL = "static/"
STATIC_ROOT = DATA_FOLDER / "static"
STATICFILES_DIRS: list[str] = []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_FOLDER / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "cryomassage_clinic.server.log.DiscreetFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("CRYOMASSAGE_LOG", "WARNING")},
}
