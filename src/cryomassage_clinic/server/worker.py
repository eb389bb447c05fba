"""The task worker, as a child of the starter: looks for tasks twice a second and runs one after the other.

The library's own loop takes the write lock of the database at every look; this one only reads until there is
something to do. What computes (JAX and the engine) is imported by the first task that needs it.
"""

from __future__ import annotations

import os
import sys
import time
from types import FrameType

import django
from django.conf import settings
from django.db import OperationalError, close_old_connections, connections
from django_tasks_db.utils import is_locked_database_exception

from cryomassage_clinic.server.children import stop_with_parent
from cryomassage_clinic.server.folder import Hold, data_folder

INTERVAL_S = 0.4
_ADVISORY_LOCK = 0x43_52_59_4F  # "CRYO"


def _only_worker() -> object:
    """Wait until no other worker is at work on this database.

    Returns:
        What holds the place; it is given back with the process.
    """
    if connections["default"].vendor == "postgresql":
        own = connections.create_connection("default")  # apart from the one that is closed when it grows old
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
        return own
    hold = Hold(data_folder(str(settings.DATA_FOLDER)) / "worker.lock")
    while not hold.take():
        time.sleep(INTERVAL_S)
    return hold


def main() -> None:
    """Run tasks until told to stop; the task at hand is finished first."""
    stop_with_parent()
    parent = os.getppid()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryomassage_clinic.settings")
    django.setup()
    from django_tasks_db.management.commands.db_worker import Worker
    from django_tasks_db.models import DBTaskResult

    from cryomassage_clinic.server.recovery import put_back

    class ClinicWorker(Worker):
        def shutdown(self, signum: int, frame: FrameType | None) -> None:
            """Finish the task at hand; at the second call leave at once, and let it run again next time."""
            if not self.running:
                os._exit(1)
            self.running = False
            if not self.running_task:
                sys.exit(0)

    worker = ClinicWorker(
        queue_names=["*"],
        interval=INTERVAL_S,
        batch=True,  # comes back when nothing is left
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=f"worker-{os.getpid()}",
        excluded_queue_names=[],
    )
    worker.configure_signals()
    place = _only_worker()
    put_back()
    while worker.running and os.getppid() == parent:
        close_old_connections()
        try:
            if DBTaskResult.objects.ready().exists():
                worker.run()
        except OperationalError as error:
            if not is_locked_database_exception(error):
                raise
        if worker.running:
            time.sleep(INTERVAL_S)
    del place


if __name__ == "__main__":
    main()
