"""The form of one booking: who, what, when, where."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.places.forms import DateInput, TimeInput
from cryomassage_clinic.visits import selectors
from cryomassage_clinic.visits.clock import Moment, NoSuchTimeError, moment, zone_of
from cryomassage_clinic.visits.facts import LONGEST_MIN, TALK_MIN
from cryomassage_clinic.visits.models import SLOT_MIN, Booking
from cryomassage_clinic.visits.services import Wanted

TALK = "talk"
_NUMERIC = {"inputmode": "numeric", "autocomplete": "off"}


class WhenForm(forms.Form):
    """Date, time and length, and which of two equal times."""

    date = forms.DateField(label=lazy("Day"), widget=DateInput())
    time = forms.TimeField(label=lazy("Time"), widget=TimeInput(attrs={"step": SLOT_MIN * 60}))
    second = forms.ChoiceField(
        label=lazy("The clocks go back on this night. Which of the two?"),
        choices=[("first", lazy("The first")), ("second", lazy("The second, an hour later or as the zone has it"))],
        required=False,
        widget=forms.RadioSelect,
    )
    length_min = forms.IntegerField(
        label=lazy("Length"),
        required=False,
        min_value=SLOT_MIN,
        max_value=LONGEST_MIN,
        widget=forms.TextInput(attrs=_NUMERIC),
    )
    operator = forms.ChoiceField(label=lazy("Who treats"))
    room = forms.ChoiceField(label=lazy("Room"))
    device = forms.ChoiceField(label=lazy("Device"), required=False)
    note = forms.CharField(
        label=lazy("Note for the calendar"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    moment: Moment | None = None

    def __init__(self, *args: Any, actor: Actor, **more: Any) -> None:
        super().__init__(*args, **more)
        self.actor = actor
        self._operators = {str(one.pk): one for one in selectors.operators(actor)}
        self._rooms = {str(one.pk): one for one in selectors.rooms(actor)}
        self._devices = {str(one.pk): one for one in selectors.devices(actor)}
        several = len({room.site_id for room in self._rooms.values()}) > 1
        self._choices("operator", [(key, str(one)) for key, one in self._operators.items()])
        self._choices("room", [(key, self._at(one, several=several)) for key, one in self._rooms.items()])
        self._choices(
            "device",
            [("", _("None: a talk")), *((key, self._at(one, several=several)) for key, one in self._devices.items())],
        )

    @staticmethod
    def _at(thing: Any, *, several: bool) -> str:
        return f"{thing} ({thing.site})" if several else str(thing)

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices if len(choices) == 1 or name == "device" else [("", _("Choose")), *choices]

    @property
    def asks_which(self) -> bool:
        """Whether the time comes twice and the form has to ask which."""
        return "second" in self.errors or bool(self.data.get("second"))

    def clean(self) -> dict[str, Any]:
        """The time on the wall as a moment, and the chosen things themselves."""
        cleaned: dict[str, Any] = dict(super().clean() or {})
        for name, known in (("operator", self._operators), ("room", self._rooms), ("device", self._devices)):
            if cleaned.get(name):
                cleaned[name] = known[cleaned[name]]
            elif name == "device":
                cleaned[name] = None
        date, time = cleaned.get("date"), cleaned.get("time")
        if date is not None and time is not None:
            self._find_moment(date, time, cleaned.get("second") or "")
        return cleaned

    def _find_moment(self, date: datetime.date, time: datetime.time, which: str) -> None:
        if not datetime.date(2000, 1, 1) <= date <= datetime.date(2200, 1, 1):
            self.add_error("date", _("Check the year."))
            return
        try:
            found = moment(date, time, zone_of(self.actor.clinic), second=which == "second")
        except NoSuchTimeError as error:
            self.add_error("time", str(error))
            return
        if found.doubled and not which:
            self.add_error("second", _("This time comes twice on that day. Say which one is meant."))
            return
        self.moment = found


class BookingForm(WhenForm):
    """What the visit is for, besides."""

    what = forms.ChoiceField(label=lazy("What for"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, actor: Actor, client: Client, **more: Any) -> None:
        super().__init__(*args, actor=actor, **more)
        self.client = client
        self._courses = selectors.courses_to_book(actor, client)
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(TALK, _("Talk, no treatment (%(min)d min)") % {"min": TALK_MIN}), *self._sessions()]

    def _sessions(self) -> list[tuple[str, str]]:
        """The next session of each course; further ones are booked with the whole course."""
        found = []
        for entry in self._courses:
            course, facts = entry["course"], entry["facts"]
            for session in entry["left"][:1]:
                words = selectors.session_words(session.number)
                length = _("%(min)d min") % {"min": facts.length_min(session.number)}
                found.append((f"{course.pk}:{session.number}", f"{words} ({length})"))
        return found

    def course_and_number(self) -> tuple[Course | None, int | None]:
        """What was chosen."""
        what = self.cleaned_data["what"]
        if what == TALK:
            return None, None
        pk, _colon, number = what.partition(":")
        course = next(entry["course"] for entry in self._courses if str(entry["course"].pk) == pk)
        return course, int(number)

    def wanted(self) -> Wanted:
        """The visit that is asked for; the form is valid."""
        data = self.cleaned_data
        course, number = self.course_and_number()
        assert self.moment is not None
        facts = next((entry["facts"] for entry in self._courses if entry["course"] == course), None)
        length = data["length_min"] or (TALK_MIN if facts is None else facts.length_min(number))
        return Wanted(
            client=self.client,
            operator=data["operator"],
            room=data["room"],
            device=data["device"],
            starts_at=self.moment.utc,
            length_min=length,
            course=course,
            session_number=number,
            note=data["note"],
        )


def values_of(booking: Booking, actor: Actor) -> dict[str, Any]:
    """A booking as the form shows it."""
    local = booking.starts_at.astimezone(zone_of(actor.clinic))
    other = local.replace(fold=1 - local.fold)
    return {
        "date": local.date(),
        "time": local.time(),
        "second": ("second" if local.fold else "first") if other.utcoffset() != local.utcoffset() else "",
        "length_min": int((booking.ends_at - booking.starts_at).total_seconds() // 60),
        "operator": str(booking.operator_id),
        "room": str(booking.room_id),
        "device": str(booking.device_id or ""),
        "note": booking.note,
    }
