"""What happened, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from cryomassage_clinic.audit.fields import field_words, value_words

ACTIONS: dict[str, str | Promise] = {
    "read": gettext_lazy("Looked at"),
    "client.created": gettext_lazy("Client added"),
    "client.changed": gettext_lazy("Client changed"),
    "client.erased": gettext_lazy("Client erased"),
    "client.exported": gettext_lazy("Client's file exported"),
    "course.created": gettext_lazy("Course begun"),
    "course.changed": gettext_lazy("Course changed"),
    "course.reviewed": gettext_lazy("Course reviewed"),
    "course.ended": gettext_lazy("Course ended"),
    "plan.asked": gettext_lazy("Plan asked for"),
    "plan.computed": gettext_lazy("Plan computed"),
    "plan.failed": gettext_lazy("Plan could not be computed"),
    "plan.approved": gettext_lazy("Plan approved"),
    "plan.approval_revoked": gettext_lazy("Approval taken back"),
    "consent.text_published": gettext_lazy("Consent text published"),
    "consent.signed": gettext_lazy("Consent signed"),
    "consent.withdrawn": gettext_lazy("Consent withdrawn"),
    "screening.answered": gettext_lazy("Questions answered"),
    "mark.made": gettext_lazy("Mark put on the chart"),
    "mark.changed": gettext_lazy("Mark on the chart changed"),
    "mark.removed": gettext_lazy("Mark taken off the chart"),
    "booking.created": gettext_lazy("Visit booked"),
    "booking.moved": gettext_lazy("Visit moved"),
    "booking.cancelled": gettext_lazy("Visit cancelled"),
    "booking.arrived": gettext_lazy("Client arrived"),
    "booking.not_arrived": gettext_lazy("Arrival taken back"),
    "booking.missed": gettext_lazy("Client did not come"),
    "feed.created": gettext_lazy("Calendar address made"),
    "feed.revoked": gettext_lazy("Calendar address revoked"),
    "doctor_note.added": gettext_lazy("Doctor's note added"),
    "doctor_note.withdrawn": gettext_lazy("Doctor's note withdrawn"),
    "test_spot.read": gettext_lazy("Test spot read"),
    "test_spot.withdrawn": gettext_lazy("Test spot withdrawn"),
    "login.ok": gettext_lazy("Logged in"),
    "login.failed": gettext_lazy("Login failed"),
    "login.second_step_failed": gettext_lazy("Second step of login failed"),
    "login.locked": gettext_lazy("Login locked after wrong passwords"),
    "logout": gettext_lazy("Logged out"),
    "session.taken_over": gettext_lazy("Tablet taken over"),
    "session.left": gettext_lazy("Tablet left"),
    "session.pin_wrong": gettext_lazy("Wrong PIN"),
    "session.pin_locked": gettext_lazy("PIN locked after wrong tries"),
    "session.unlocked": gettext_lazy("Tablet unlocked"),
    "account.password_chosen": gettext_lazy("Password chosen"),
    "account.password_changed": gettext_lazy("Password changed"),
    "account.settings_changed": gettext_lazy("Own settings changed"),
    "account.pin_set": gettext_lazy("PIN set"),
    "account.pin_removed": gettext_lazy("PIN removed"),
    "account.second_step_added": gettext_lazy("Second step of login added"),
    "account.second_step_removed": gettext_lazy("Second step of login removed"),
    "account.recovery_codes_made": gettext_lazy("Recovery codes made"),
    "account.session_ended": gettext_lazy("Own logins ended"),
    "staff.invited": gettext_lazy("Colleague invited"),
    "staff.role_changed": gettext_lazy("Role changed"),
    "staff.changed": gettext_lazy("Colleague changed"),
    "staff.activated": gettext_lazy("Colleague let in again"),
    "staff.deactivated": gettext_lazy("Colleague locked out"),
    "staff.link_given": gettext_lazy("New login link given"),
    "staff.sessions_ended": gettext_lazy("Colleague's logins ended"),
    "clinic.begun": gettext_lazy("Clinic begun"),
    "demo.asked": gettext_lazy("Demo data asked for"),
    "site.created": gettext_lazy("Site added"),
    "site.changed": gettext_lazy("Site changed"),
    "room.created": gettext_lazy("Room added"),
    "room.changed": gettext_lazy("Room changed"),
    "vessel.added": gettext_lazy("Vessel added"),
    "vessel.changed": gettext_lazy("Vessel changed"),
    "vessel.removed": gettext_lazy("Vessel taken out"),
    "device.created": gettext_lazy("Device added"),
    "device.changed": gettext_lazy("Device changed"),
    "data.exported": gettext_lazy("Everything exported"),
    "backup.asked": gettext_lazy("Backup asked for"),
    "backup.replaced": gettext_lazy("Older backups replaced by a new one"),
    "audit.check_asked": gettext_lazy("Check of the log asked for"),
    "retention.changed": gettext_lazy("Periods of keeping changed"),
    "disk.was_full": gettext_lazy("The disk was full"),
}

# Kinds of record that rows are about.
KINDS: dict[str, str | Promise] = {
    "clients.client": gettext_lazy("client"),
    "courses.course": gettext_lazy("course"),
    "courses.plan": gettext_lazy("plan"),
    "courses.approval": gettext_lazy("approval"),
    "screening.answerset": gettext_lazy("answers"),
    "screening.doctornote": gettext_lazy("doctor's note"),
    "screening.testspot": gettext_lazy("test spot"),
    "consents.consent": gettext_lazy("consent"),
    "consents.consenttext": gettext_lazy("consent text"),
    "charting.mark": gettext_lazy("mark on the chart"),
    "visits.booking": gettext_lazy("visit"),
    "visits.calendarfeed": gettext_lazy("calendar feed"),
    "places.site": gettext_lazy("site"),
    "places.room": gettext_lazy("room"),
    "places.vessel": gettext_lazy("vessel"),
    "places.device": gettext_lazy("device"),
    "accounts.user": gettext_lazy("member of staff"),
    "accounts.invitation": gettext_lazy("invitation"),
    "accounts.clinic": gettext_lazy("clinic"),
    "custody.backuprun": gettext_lazy("backup"),
    "audit.auditcheck": gettext_lazy("the log"),
}


def action_words(action: str) -> str:
    """An action in words; one that is new here as readable as its name is."""
    known = ACTIONS.get(action)
    return str(known) if known is not None else action.replace(".", ": ").replace("_", " ")


def kind_words(subject_type: str) -> str:
    """What kind of record it is about."""
    known = KINDS.get(subject_type)
    return str(known) if known is not None else subject_type.rpartition(".")[2]


def details_words(details: object) -> list[tuple[str, str]]:
    """Details as short lines of name and value."""
    if not isinstance(details, dict):
        return []
    return [(field_words(str(key)), value_words(str(key), value)) for key, value in details.items()]
