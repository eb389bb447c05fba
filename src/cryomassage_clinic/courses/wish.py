"""What can be asked for: complaints with their evidence, the ways to treat them, and what each way needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic import bridge
from cryomassage_clinic.courses.case import needs_doctor
from cryomassage_clinic.web.core_words import told

# What a grade means to somebody who never heard of grades.
GRADES: dict[str, str | Promise] = {
    "A": lazy("Proven: trials of this very treatment"),
    "B": lazy("Well supported: controlled studies of something close"),
    "B-": lazy("Some support: small studies of something close"),
    "C": lazy("Weak support: few or distant studies"),
    "C/D": lazy("Hardly any support"),
    "D": lazy("Custom only: no study shows it"),
    "X": lazy("Contradicted: studies found no effect"),
}
_GRADE_MARKS = {"A": "go", "B": "go", "B-": "info", "C": "info", "C/D": "near", "D": "near", "X": "stop"}


@dataclass(frozen=True)
class Complaint:
    """Something that a client comes for, in plain words."""

    key: str
    name: str
    sentence: str
    grade: str
    mark: str
    treatable: bool
    needs_diagnosis: bool
    contradicted: bool
    not_so: tuple[str, ...]  # claims that are heard and do not hold


def complaint(key: str) -> Complaint:
    """A complaint by its key."""
    found = bridge.indications()[key]
    grade = found.evidence.grade
    return Complaint(
        key=key,
        name=told(found.name),
        sentence=told(found.evidence.sentence),
        grade=str(GRADES[grade]),
        mark=_GRADE_MARKS[grade],
        treatable=found.treatable,
        needs_diagnosis=found.needs_diagnosis,
        contradicted=grade == "X",
        not_so=tuple(told(claim.text) for claim in found.blocked_claims),
    )


def _regions(key: str) -> set[str]:
    known = bridge.zones()
    return {known[zone].region for route in bridge.indications()[key].routes for zone in route.zones if zone in known}


def complaints() -> list[tuple[str, list[Complaint]]]:
    """All complaints, those of face and body apart from those of the scalp; what is not offered comes last."""
    keys = sorted(bridge.indications(), key=lambda key: not bridge.indications()[key].treatable)
    scalp = [key for key in keys if _regions(key) == {"scalp"}]
    return [
        (_("Face and body"), [complaint(key) for key in keys if key not in scalp]),
        (_("Scalp and hair"), [complaint(key) for key in scalp]),
    ]


def zones_of(indication: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Zones on which a complaint is treated by any way, by region, in the order of work."""
    known = bridge.zones()
    names = {
        "face": _("Face"),
        "neck": _("Neck"),
        "decollete": _("Chest"),
        "scalp": _("Scalp"),
        "body": _("Body"),
    }
    keys = {zone for route in bridge.indications()[indication].routes for zone in route.zones}
    grouped: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
    for key in sorted(keys, key=lambda key: known[key].order_of_work):
        grouped[known[key].region].append((key, told(known[key].name)))
    return [(names[region], zones) for region, zones in grouped.items() if zones]


@dataclass(frozen=True)
class Way:
    """One way to treat a complaint: a method, and a class where it is not the one the method comes with."""

    key: str
    method: str
    exposure_class: int | None  # None: the class that the method comes with
    level: int
    name: str
    level_name: str
    seen: str
    for_doctor: bool
    home: bool
    liquid_nitrogen: bool
    zones: tuple[str, ...]
    not_on: tuple[str, ...]  # names of the zones asked for that it does not treat
    sources: tuple[str, ...]
    needs_device: bool
    has_device: bool

    @property
    def offered(self) -> bool:
        """Whether it can be chosen for the zones asked for, with what the clinic has."""
        return not self.not_on and (self.has_device or not self.needs_device)


def ways_of(indication: str, zones: list[str], devices: list[Any]) -> list[Way]:
    """The ways to treat a complaint, in the order of preference.

    Args:
        indication: the complaint.
        zones: what is to be treated.
        devices: what the clinic has.
    """
    known, ways, seen = bridge.knowledge(), [], set[str]()
    kinds = {device.cold_source for device in devices}
    for route in known.indication[indication].routes:
        method, level = known.method[route.method], known.exposure_class[f"class_{route.exposure_class}"]
        first = route.method not in seen
        seen.add(route.method)
        ways.append(
            Way(
                key=route.method if first else f"{route.method}:{route.exposure_class}",
                method=route.method,
                exposure_class=None if first else route.exposure_class,
                level=route.exposure_class,
                name=told(method.name),
                level_name=told(level.name),
                seen=told(level.seen.text),
                for_doctor=needs_doctor(route.exposure_class),
                home=method.places == ("home",),
                liquid_nitrogen=method.liquid_nitrogen,
                zones=route.zones,
                not_on=tuple(
                    told(known.zone[zone].name) for zone in zones if zone in known.zone and zone not in route.zones
                ),
                sources=method.sources,
                needs_device=bridge.sources_are_booked(method.sources),
                has_device=bool(kinds.intersection(method.sources)),
            )
        )
    return ways


def way_key(method: str, exposure_class: int | None) -> str:
    """How a way is called in a form."""
    return method if exposure_class is None else f"{method}:{exposure_class}"
