"""Locks that no answer opens: place, agent, contact, role, diagnosis, test spot and gap.

They are rules like those of the questionnaire, but they look at what is planned instead of at an answer.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator

from cryomassage.knowledge.questionnaire import Outcome, Restriction
from cryomassage.knowledge.schema import AgentAccess, Knowledge
from cryomassage.planning.answers import DAY
from cryomassage.planning.route import route_for
from cryomassage.records.client import Client
from cryomassage.records.screening import FiredRule

_TERMS = ("cryomassage_limits",)
_DARK = frozenset({"iv", "v", "vi"})


def is_dark(phototype: str) -> bool:
    """Whether a phototype is one of IV to VI, whose pigment cold takes first."""
    return phototype in _DARK


def source_key(client: Client, method: str, knowledge: Knowledge) -> str:
    """The cold source named in the client file when the method uses it, else the method's default."""
    sources = knowledge.method[method].sources
    if client.source is not None and client.source.cold_source in sources:
        return client.source.cold_source
    return sources[0]


class _Case:
    """One zone and method of one client, and the rules that look at them."""

    def __init__(self, zone: str, method: str, client: Client, knowledge: Knowledge) -> None:
        self.zone_key, self.method_key, self.client, self.knowledge = zone, method, client, knowledge
        self.zone, self.method = knowledge.zone[zone], knowledge.method[method]
        self.route = route_for(client, method, knowledge)
        self.indication = knowledge.indication[client.request.indication]

    def fired(
        self,
        rule_id: str,
        outcome: Outcome,
        reason: str,
        source: tuple[str, ...] = _TERMS,
        *,
        until_days: float | None = None,
        restriction: Restriction | None = None,
    ) -> FiredRule:
        until = None if until_days is None else self.client.visit.date + max(1, math.ceil(until_days)) * DAY
        return FiredRule(
            id=rule_id,
            outcome=outcome,
            zone=self.zone_key,
            method=self.method_key,
            reason=reason,
            source=source,
            until=until,
            restriction=restriction,
        )

    def place(self) -> Iterator[FiredRule]:
        """Home means ice, after a professional was asked; a method is worked where it belongs."""
        visit = self.client.visit
        if visit.place == "home" and "home" not in self.method.places:
            yield self.fired(
                "place.home_means_ice",
                Outcome.STOP,
                f"At home only ice is used, in cloth and moving. {self.method.name} belongs in a salon or clinic.",
                ("source_article", *_TERMS),
            )
        elif visit.place not in self.method.places:
            yield self.fired(
                "place.method", Outcome.STOP, f"{self.method.name} is not worked in a {visit.place}.", _TERMS
            )
        if visit.place == "home":
            yield from self._professional()

    def _professional(self) -> Iterator[FiredRule]:
        professional = self.client.professional
        valid = self.knowledge.limit["professional_advice_valid"].quantity.value
        asked = professional is not None and 0 <= (self.client.visit.date - professional.date) / DAY <= valid
        if professional is None or not asked or self.zone_key not in professional.zones:
            yield self.fired(
                "home.professional_not_asked",
                Outcome.REFER,
                "Before cold is used at home, a therapist or cosmetologist must have been asked, not long ago and "
                "about this very zone. Write down who, when and which zones.",
                ("source_article", *_TERMS),
            )

    def site(self) -> Iterator[FiredRule]:
        """What the zone allows: agent, contact, and whether method and indication work there at all."""
        if self.method.liquid_nitrogen and self.zone.liquid_nitrogen is AgentAccess.NEVER:
            yield self.fired(
                "zone.no_liquid_nitrogen",
                Outcome.STOP,
                self.zone.liquid_nitrogen_reason.text,
                self.zone.liquid_nitrogen_reason.source,
            )
        source = self.knowledge.cold_source[source_key(self.client, self.method_key, self.knowledge)]
        if self.zone.region == "face" and self.zone.liquid_nitrogen is AgentAccess.NEVER and source.agent != "ice":
            yield self.fired(
                "zone.ice_only",
                Outcome.STOP,
                f"On lids, on lips and around the eyes only ice is used, and not: {source.name}.",
            )
        nitrogen_or_scalp = source.agent == "ln2" or self.zone.region == "scalp"
        if source.touches and nitrogen_or_scalp and self.zone.contact is AgentAccess.NEVER:
            yield self.fired(
                "zone.no_contact",
                Outcome.STOP,
                self.zone.contact_reason.text,
                self.zone.contact_reason.source,
            )
        if self.zone.region not in self.method.regions:
            yield self.fired(
                "zone.method",
                Outcome.STOP,
                f"{self.method.name} is not made for the {self.zone.name.lower()}.",
            )
        if self.route is None:
            wanted = self.client.request.exposure_class
            wish = "" if wanted is None else f" in class {wanted}"
            yield self.fired(
                "indication.no_route",
                Outcome.STOP,
                f"For “{self.indication.name}” no treatment by {self.method.name}{wish} is known that can be "
                "stood behind.",
                tuple(dict.fromkeys(key for finding in self.indication.evidence.findings for key in finding.source)),
            )
        elif self.zone_key not in self.route.zones:
            yield self.fired(
                "indication.zone",
                Outcome.STOP,
                f"“{self.indication.name}” is not treated on the {self.zone.name.lower()} by {self.method.name}.",
                self.route.course_reason.source,
            )
        if not self.indication.treatable:
            yield self.fired(
                "indication.not_treatable",
                Outcome.STOP,
                self.indication.evidence.sentence,
                tuple(dict.fromkeys(key for finding in self.indication.evidence.findings for key in finding.source)),
            )

    def role(self) -> Iterator[FiredRule]:
        """Who may work in which class."""
        if self.route is None:
            return
        level = self.knowledge.exposure_class[f"class_{self.route.exposure_class}"]
        role = self.client.visit.role
        ranks = {"anyone": 0, "client": 0, "operator": 1, "doctor": 2}
        if ranks[role] < ranks[level.lowest_role] or (self.method.liquid_nitrogen and role == "client"):
            needed = level.lowest_role if level.lowest_role != "anyone" else "operator"
            yield self.fired(
                "role.not_allowed",
                Outcome.STOP,
                f"Class {level.level} ({level.name}) by {self.method.name} is work for the role “{needed}”; the file "
                f"names “{role}”.",
                level.purpose.source,
            )
        if level.needs_doctor_approval and role != "doctor":
            approval = self.client.approval
            valid = self.knowledge.limit["approval_valid"].quantity.value
            if approval is None or not 0 <= (self.client.visit.date - approval.date) / DAY <= valid:
                yield self.fired(
                    "role.approval_missing",
                    Outcome.STOP,
                    f"Class {level.level} ({level.name}) needs a plan that a doctor has approved; the file holds no "
                    "approval that is still valid.",
                )

    def diagnosis(self) -> Iterator[FiredRule]:
        """Some complaints are treated only after a doctor has said what they are."""
        if not self.indication.needs_diagnosis:
            return
        diagnosis = self.client.diagnosis
        valid = self.knowledge.limit["diagnosis_valid"].quantity.value
        known = (
            diagnosis is not None
            and diagnosis.what == self.client.request.indication
            and 0 <= (self.client.visit.date - diagnosis.date) / DAY <= valid
        )
        if not known:
            statement = self.indication.diagnosis_reason
            reason = statement.text if statement else "A doctor must say first what this is."
            source = statement.source if statement else _TERMS
            yield self.fired("diagnosis.missing", Outcome.STOP, f"{reason} Stop at this site.", source)
            yield self.fired(
                "diagnosis.refer", Outcome.REFER, "See a doctor for a diagnosis, with name and date.", source
            )

    def test_spot(self, days: float) -> Iterator[FiredRule]:
        """The first visit with liquid nitrogen is a test spot, read after 15 minutes."""
        if not self.method.liquid_nitrogen:
            return
        spot = self.client.test_spot
        limits = self.knowledge.limit
        minutes = limits["test_spot_read_after"].quantity.value / 60.0
        sources = ("ultra_freeze_urticaria", *_TERMS)
        age = None if spot is None else (self.client.visit.date - spot.date) / DAY
        if spot is not None and spot.result != "clear":
            yield self.fired(
                "test_spot.reacted",
                Outcome.STOP,
                f"The test spot showed “{spot.result.replace('_', ' ')}”. No liquid nitrogen; show it to a doctor.",
                sources,
            )
        elif (
            spot is None
            or age is None
            or spot.method != self.method_key
            or spot.read_after < minutes
            or not 0 <= age <= limits["test_spot_valid"].quantity.value
        ):
            wait = f" and {days:.0f} days later" if days else ""
            yield self.fired(
                "test_spot.first",
                Outcome.LIMIT,
                f"The first visit with liquid nitrogen is a test spot by the same method, read after {minutes:.0f} "
                f"min{wait}. None that is clear, read in time and recent is on file.",
                sources,
                restriction=Restriction(
                    test_spot_days=days,
                    instruction="Today only the test spot. No session until it has been read.",
                ),
            )
        elif age < days:
            yield self.fired(
                "test_spot.wait",
                Outcome.DEFER,
                f"On this skin the test spot is watched for {days:.0f} days, since marks come late.",
                sources,
                until_days=days - age,
            )

    def course(self) -> Iterator[FiredRule]:
        """A course is reviewed at the fourth session, stops without benefit, and ends."""
        if self.route is None:
            return
        session, review = self.client.visit.session, self.client.review
        every = int(self.knowledge.limit["review_session"].quantity.value)
        due = (session - 1) // every * every
        longest = int(self.route.sessions.range[1])
        if session > longest:
            yield self.fired(
                "course.complete",
                Outcome.STOP,
                f"The course has at most {longest} sessions; this would be session {session}. Look at what it brought "
                "before another one begins.",
                self.route.sessions.source,
            )
        if review is not None and not review.benefit:
            yield self.fired(
                "course.no_benefit", Outcome.STOP, f"The review at session {review.session} found no benefit: stop."
            )
        elif due >= every and (review is None or review.session < due):
            yield self.fired(
                "course.review_due",
                Outcome.LIMIT,
                f"The review that belongs to session {due} is not on file.",
                restriction=Restriction(
                    instruction="Review before you begin: compare with the start. No benefit means stop."
                ),
            )

    def gap(self) -> Iterator[FiredRule]:
        """The skin rests between two sessions, longer after a colder one."""
        planned = 0 if self.route is None else self.route.exposure_class
        visit = self.client.visit
        last = [previous for previous in self.client.previous if previous.zone == self.zone_key]
        if visit.session > 1 and not last:
            gap = self.knowledge.exposure_class[f"class_{planned}"].gap
            yield self.fired(
                "gap.unknown",
                Outcome.DEFER,
                "This is not the first session, and the last one on this zone is not on file. Write it down as "
                "[[previous]], or the word “never”; unknown means waiting.",
                gap.source,
                until_days=gap.value / 24.0,
            )
        for previous in last:
            if isinstance(previous.date, datetime.date):
                yield from self._since(previous.date, max(previous.exposure_class or 0, planned))
                if previous.redness_gone is not True:
                    yield self.fired(
                        "gap.redness",
                        Outcome.DEFER,
                        "Redness from the last session is still there. Wait until it is gone.",
                        until_days=self.knowledge.limit["redness_recheck"].quantity.value,
                    )

    def _since(self, last: datetime.date, level_number: int) -> Iterator[FiredRule]:
        level = self.knowledge.exposure_class[f"class_{level_number}"]
        days = math.ceil(level.gap.value / 24.0)
        since = (self.client.visit.date - last) / DAY
        if since < days:
            yield self.fired(
                "gap.too_short",
                Outcome.DEFER,
                f"The last session here was {since:.0f} days ago; between sessions of class {level.level} lie at "
                f"least {level.gap.value:.0f} hours.",
                level.gap.source,
                until_days=days - since,
            )


def lock_rules(zone: str, method: str, client: Client, knowledge: Knowledge, test_spot_days: float) -> list[FiredRule]:
    """Every lock that holds for one zone and method.

    `test_spot_days` is how long the answers ask a test spot to be watched; dark skin asks for its own wait.
    """
    case = _Case(zone, method, client, knowledge)
    if is_dark(client.person.phototype):
        test_spot_days = max(test_spot_days, knowledge.limit["test_spot_wait_dark_skin"].quantity.value)
    return [
        *case.place(),
        *case.site(),
        *case.role(),
        *case.diagnosis(),
        *case.test_spot(test_spot_days),
        *case.gap(),
        *case.course(),
    ]
