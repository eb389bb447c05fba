"""The worker's part of the demo."""

from __future__ import annotations

from django_tasks import task


@task()
def fill_demo(owner_id: str) -> None:
    """Fill the clinic of an owner. Called again it adds only what is missing."""
    from cryomassage_clinic.accounts.access import Actor
    from cryomassage_clinic.accounts.models import User
    from cryomassage_clinic.demo.fill import fill

    owner = User.objects.select_related("clinic").get(pk=owner_id)
    if owner.clinic is not None:
        fill(Actor(owner, owner.clinic))
