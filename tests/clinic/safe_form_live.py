"""A clinic as people start it, with people and clients in it, and a tablet on which their forms are filled in."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.clinic.people import PASSWORD
from tests.clinic.server_live import Clinic, python

SETTINGS = "cryomassage_clinic.settings"
PIN = "4711"
CLIENTS = 12

_FILL = f"""
import json
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.clinic.people import make_client, make_course, make_house
from tests.clinic.test_screening_form import as_form, harmless_for
house = make_house("Acorn")
house.operator.set_pin("{PIN}")
house.operator.save()
clients = [
    make_client(house, full_name=f"Anna Petrova {{chr(65 + n)}}", phone=f"+44 20 7946 {{1000 + n}}")
    for n in range({CLIENTS})
]
course = make_course(house, clients[0])
print(json.dumps({{
    "clients": [str(one.pk) for one in clients],
    "course": str(course.pk),
    "answers": as_form(harmless_for(course)),
}}))
"""


class Product:
    """The running clinic, started again on the same port when it was stopped; and its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        made = json.loads(python(folder, _FILL, DJANGO_SETTINGS_MODULE=SETTINGS))
        self._clients: list[str] = made["clients"]
        self.first_client: str = self._clients[0]
        self.course: str = made["course"]
        self.answers: dict[str, Any] = made["answers"]
        self.clinic: Clinic | None = None
        self.port = 0
        self.texts: list[str] = []
        self.start()

    def start(self) -> None:
        """Start it, on the port that it had before."""
        self.clinic = Clinic(self.folder, "--port", str(self.port), DJANGO_SETTINGS_MODULE=SETTINGS)
        self.address = self.clinic.address()
        self.port = int(self.address.rsplit(":", 1)[1])

    def stop(self) -> None:
        """Stop it as people do."""
        if self.clinic is not None:
            self.clinic.stop()
            self.texts.append(self.clinic.text)
            self.clinic = None

    def client(self) -> str:
        """A client that no other test has touched."""
        return self._clients.pop()

    def asked(self, statement: str, *given: Any) -> list[tuple[Any, ...]]:
        """What the database answers."""
        connection = sqlite3.connect(self.folder / "clinic.sqlite3", timeout=10)
        try:
            with connection:
                return connection.execute(statement, given).fetchall()
        finally:
            connection.close()

    def of_client(self, pk: str, field: str) -> Any:
        """What is kept of a client."""
        return self.asked(f"SELECT {field} FROM clients_client WHERE id = ?", pk.replace("-", ""))[0][0]

    def times(self, action: str, pk: str) -> int:
        """How often the log says that this was done to a client."""
        rows = self.asked("SELECT count(*) FROM audit_auditrow WHERE action = ? AND subject_id = ?", action, pk)
        return int(rows[0][0])


class Tablet:
    """One browser of its own, in which somebody has logged in on the login page."""

    def __init__(self, chromium: Any, product: Product, username: str = "acorn-operator", **more: Any) -> None:
        self.product = product
        self.context = chromium.new_context(base_url=product.address, reduced_motion="reduce", **more)
        self.context.set_default_timeout(10_000)
        self.said: list[str] = []  # what no page may say on its console
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.said.append(str(error.error)))
        page = self.open("/account/login/")
        page.locator("[name=login]").fill(username)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url(f"{product.address}/")
        page.close()

    def _hear(self, line: Any) -> None:
        # That an answer is 401, 409 or missing is what these tests are about; the browser itself notes it.
        if "Failed to load resource" not in line.text:
            self.said.append(line.text)

    def open(self, address: str) -> Any:
        """A page in a tab of its own."""
        page = self.context.new_page()
        page.goto(address)
        return page

    def idle(self) -> None:
        """Nobody has touched it for an hour."""
        self.product.asked("UPDATE accounts_staffsession SET seen_at = datetime('now', '-1 hour')")

    def close(self) -> None:
        """Close it; nothing went wrong in its pages."""
        self.context.close()
        assert self.said == [], self.said
