"""What every answer carries, and what the log never holds."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.test import override_settings

from cryomassage_clinic.server.log import DiscreetFormatter
from tests.clinic.people import House
from tests.clinic.server_live import environment, python

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]

ANSWERS = [
    ("/account/login/", {}, 200),
    ("/", {}, 302),  # to the login
    ("/nothing/", {}, 404),
    ("/alive", {"HTTP_HOST": "evil.example"}, 400),
    ("/trial/broken/", {}, 500),
    ("/account/login/", {"method": "POST"}, 403),  # without a token
    ("/%00%ff", {}, 404),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "more", "status"), ANSWERS)
@override_settings(ROOT_URLCONF="tests.clinic.server_urls", ALLOWED_HOSTS=["testserver"])
def test_every_answer_carries_the_policies(address: str, more: dict[str, str], status: int) -> None:
    browser = Browser(enforce_csrf_checks=True, raise_request_exception=False)
    extra = dict(more)
    answer = browser.generic(extra.pop("method", "GET"), address, **extra)  # type: ignore[arg-type]
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert "unsafe" not in policy
    assert "http" not in policy
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    permitted = {part.strip() for part in answer["Permissions-Policy"].split(",")}
    assert {"camera=(self)", "screen-wake-lock=(self)", "microphone=()", "geolocation=()"} <= permitted
    assert not [one for one in permitted if one.startswith("bluetooth")]  # for the page itself where nothing is said
    assert "*" not in answer["Permissions-Policy"]


def test_a_page_of_staff_carries_them_too(acorn: House) -> None:
    answer = acorn.browser("operator").get("/more/")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "camera=(self)" in answer["Permissions-Policy"]


def test_behind_a_certificate_deployment_checks_find_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cryomassage_clinic", "check", "--deploy", "--fail-level", "WARNING"],
        env=environment(
            tmp_path,
            DJANGO_SETTINGS_MODULE="cryomassage_clinic.settings",
            CRYOMASSAGE_HTTPS="yes",
            CRYOMASSAGE_HOSTS="cryomassage.local",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout
    assert "WARNING" not in done.stderr.upper()


def test_the_migrations_say_what_the_models_say(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cryomassage_clinic", "makemigrations", "--check", "--dry-run"],
        env=environment(tmp_path, DJANGO_SETTINGS_MODULE="cryomassage_clinic.settings"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_behind_a_certificate_cookies_stay_on_it(tmp_path: Path) -> None:
    code = """
        from django.test import Client
        from django.core.management import call_command
        from cryomassage_clinic.server.prepare import collect_files
        collect_files()
        call_command("migrate", run_syncdb=True, verbosity=0)
        from tests.clinic.people import make_house
        make_house("Acorn")
        plain = Client().get("/more/", HTTP_HOST="cryomassage.local")
        print(plain.status_code, plain["Location"])
        browser = Client()
        browser.get("/trial/login/acorn-operator/", secure=True, HTTP_HOST="cryomassage.local")
        answer = browser.get("/more/", secure=True, HTTP_HOST="cryomassage.local")
        print(answer.status_code, answer["Strict-Transport-Security"].split(";")[0])
        for name, one in sorted(browser.cookies.items()):
            if name in ("__Host-sessionid", "csrftoken"):
                ways = bool(one["secure"]), bool(one["httponly"]), one["samesite"]
                print(name, *ways, one["domain"] == "", one["path"])
        """
    said = python(tmp_path, code, CRYOMASSAGE_HTTPS="yes", CRYOMASSAGE_HOSTS="cryomassage.local").splitlines()
    assert said[0] == "301 https://cryomassage.local/more/"
    assert said[1] == "200 max-age=31536000"
    assert "__Host-sessionid True True Lax True /" in said


def test_a_database_over_a_network_is_reached_encrypted(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.DATABASES['default'].get('OPTIONS', {}).get('sslmode'))"
    for url, mode in {
        "postgres://u:p@db.example/clinic": "require",
        "postgres://u:p@db.example/clinic?sslmode=verify-full": "verify-full",
        "postgres://u:p@localhost/clinic": "None",
        "postgres://u:p@%2Fvar%2Frun/clinic": "None",
    }.items():
        assert python(tmp_path, code, DATABASE_URL=url) == mode


def test_the_log_tells_where_and_what_kind_but_quotes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    formatter = DiscreetFormatter(settings.LOGGING["formatters"]["plain"]["format"], style="{")

    def fail() -> None:
        try:
            raise KeyError("+44 20 7946 0000")
        except KeyError as error:
            raise ValueError("Anna Petrova has hives") from error

    try:
        fail()
    except ValueError as error:
        record = logging.LogRecord("cryomassage", logging.ERROR, __file__, 1, "failed: %s", (error,), sys.exc_info())
    record.exc_text = "kept by another formatter: Anna Petrova"
    told = formatter.format(record)
    for secret in ("Anna", "Petrova", "hives", "7946"):
        assert secret not in told
    assert "builtins.ValueError" in told
    assert "builtins.KeyError" in told
    assert "in fail" in told
    assert Path(__file__).name in told


def test_a_page_that_breaks_quotes_nothing_in_the_log(tmp_path: Path) -> None:
    code = """
        from django.test import Client
        from cryomassage_clinic.server.prepare import collect_files
        collect_files()
        Client(raise_request_exception=False).get("/trial/broken/?name=Anna+Petrova", HTTP_HOST="localhost")
        """
    done = subprocess.run(
        [sys.executable, "-c", "import django, textwrap; django.setup()\nexec(textwrap.dedent('''" + code + "'''))"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "builtins.ValueError" in done.stderr
    assert "/trial/broken/" in done.stderr
    for secret in ("Anna", "Petrova", "hives", "7946"):
        assert secret not in done.stderr
