"""Races for the approval of one plan, in threads that start at once, on the database that `DATABASE_URL` names.

    python -m tests.clinic.plan_races RACES CONTENDERS

The look before the leap is taken away, so that only locks and the database itself can hold. Prints one line of JSON.
"""

from __future__ import annotations

import collections
import json
import os
import sys
import threading


def main(races: int, contenders: int) -> dict[str, object]:
    """Run the races on fresh tables.

    Returns:
        counts of winners, losers and other errors, and of what is stored.
    """
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.clinic.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from cryomassage_clinic.audit.models import AuditRow
    from cryomassage_clinic.courses import plan_services
    from cryomassage_clinic.courses.models import Approval, Plan
    from tests.clinic.people import make_client, make_course, make_house

    call_command("migrate", run_syncdb=True, verbosity=0)
    plan_services.obstacles = lambda _plan, _actor: []  # type: ignore[assignment]
    house = make_house("Acorn")
    course = make_course(house, make_client(house))
    plans = [
        Plan.objects.create(
            clinic=house.clinic, course=course, visit_date=timezone.localdate(), asked_by=house.operator,
            asked_role="operator", case={}, inputs={}, state="done", status="planned", exposure_class=1,
        )
        for _ in range(races)
    ]  # fmt: skip
    counts: collections.Counter[str] = collections.Counter(winners=0, losers=0)
    others: collections.Counter[str] = collections.Counter()
    start, lock = threading.Barrier(contenders), threading.Lock()

    def contend() -> None:
        for plan in plans:
            start.wait()
            try:
                plan_services.approve(house.actor("operator"), plan)
                what = "winners"
            except plan_services.NotApprovedError:
                what = "losers"
            except Exception as error:
                with lock:
                    others[f"{type(error).__name__}: {error}"[:200]] += 1
                continue
            with lock:
                counts[what] += 1
        connection.close()

    threads = [threading.Thread(target=contend) for _ in range(contenders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    audit = AuditRow.objects.filter(action="plan.approved").count()
    return {**counts, "others": dict(others), "approvals": Approval.objects.count(), "audit": audit}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
