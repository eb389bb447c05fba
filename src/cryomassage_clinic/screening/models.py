"""Answers to the core's questions, each set a version of its own; and what doctors have said."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.owned import ClinicOwned


class AnswerSet(ClinicOwned):
    """What a client answered on one day. Never changed: a new answer makes a new set."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="answer_sets")
    course = models.ForeignKey("courses.Course", on_delete=models.PROTECT, null=True, related_name="answer_sets")
    number = models.PositiveIntegerField()
    # By question: {"answer": a word, a choice or a date, "zones": where it holds, "about": zones that were asked about,
    # "at": when it was given}. Answers that were not asked again are carried along with the time they were given.
    answers = models.JSONField()
    # By question the value with its unit, such as "120 mmHg"; and under "measured_at" when that was.
    vitals = models.JSONField(null=True)
    knowledge_fingerprint = models.CharField(max_length=64)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        """Numbers count per client."""

        constraints = [models.UniqueConstraint(fields=["client", "number"], name="answer_set_number_once")]
        ordering = ["-number"]

    def save(self, *args: Any, **more: Any) -> None:
        """Write a new set.

        Raises:
            TypeError: this one is written already.
        """
        if not self._state.adding:
            raise TypeError("an answer set is never changed; a new answer makes a new set")
        super().save(*args, **more)


class DoctorNote(ClinicOwned):
    """A diagnosis or a written clearance, with name and date; it can be withdrawn, never changed."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="doctor_notes")
    kind = models.CharField(max_length=16, choices=[("diagnosis", _("Diagnosis")), ("clearance", _("Clearance"))])
    about = models.CharField(max_length=64)  # the indication diagnosed, or the rule cleared
    doctor = models.CharField(_("name of the doctor"), max_length=160)
    date = models.DateField(_("date"))
    entered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)


class TestSpot(ClinicOwned):
    """The first touch of liquid nitrogen and what was read after 15 minutes."""

    __test__ = False

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="test_spots")
    method = models.CharField(max_length=64)
    date = models.DateField()
    read_after_min = models.FloatField(_("read after"))
    result = models.CharField(
        max_length=16,
        choices=[
            ("clear", _("Clear")),
            ("hives", _("Hives")),
            ("blister", _("Blister")),
            ("lasting_white", _("White that lasts")),
            ("other", _("Something else")),
        ],
    )
    entered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)  # entered by mistake
