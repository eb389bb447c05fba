"""Tasks that were cut off run again.

A task whose worker was killed stays marked as running, and no worker would take it any more. There is one worker for
a database, so whatever is marked as running when it starts was cut off. How often a task may be tried is kept by
the task itself, which knows what it has done already.
"""

from __future__ import annotations

from django.db import transaction
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult


def put_back() -> int:
    """Mark tasks that were cut off as waiting; they are taken in their old order.

    Returns:
        How many.
    """
    with transaction.atomic():
        return DBTaskResult.objects.running().update(status=TaskResultStatus.READY, started_at=None)
