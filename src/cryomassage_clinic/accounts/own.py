"""What people change about themselves: language, looks, PIN, password, sessions."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from django.db import transaction

from cryomassage_clinic.accounts import limits, sessions
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.audit.services import record


def pin_weakness(pin: str) -> str | None:
    """What makes a PIN too easy to guess: `short`, `same` (one digit), `row` (digits in a row), `year`; or nothing."""
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        return "short"
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if steps == {0}:
        return "same"
    if steps in ({1}, {9}):
        return "row"
    if len(pin) == 4 and 1930 <= int(pin) <= 2035:
        return "year"
    return None


def change_settings(actor: Actor, *, full_name: str, language: str, theme: str) -> User:
    """Keep name, language and looks."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.user.pk)
        before = {"name": user.full_name, "language": user.language, "theme": user.theme}
        user.full_name, user.language, user.theme = full_name, language, theme
        user.save(update_fields=["full_name", "language", "theme"])
        after = {"name": full_name, "language": language, "theme": theme}
        changed = {key: [before[key], after[key]] for key in before if before[key] != after[key]}
        if changed:
            record(actor, "account.settings_changed", user, changed)
    return user


def set_pin(actor: Actor, pin: str) -> None:
    """Keep the PIN that opens the lock; of it only the hash.

    Raises:
        ValueError: it is too easy to guess; the argument says why.
    """
    weakness = pin_weakness(pin)
    if weakness is not None:
        raise ValueError(weakness)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.user.pk)
        user.set_pin(pin)
        user.save(update_fields=["pin_hash"])
        limits.clear(limits.PIN, str(user.pk))
        limits.clear(limits.PIN_DAY, str(user.pk))
        record(actor, "account.pin_set", user)


def drop_pin(actor: Actor) -> None:
    """From now on the lock is opened by password or passkey only."""
    with transaction.atomic():
        User.objects.filter(pk=actor.user.pk).update(pin_hash="")
        record(actor, "account.pin_removed", actor.user)


def change_password(actor: Actor, password: str, here: UUID | None) -> User:
    """Keep a new password; everywhere but here one is logged out."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.user.pk)
        user.set_password(password)
        user.save(update_fields=["password"])
        ended = sessions.end(user, but=here)
        record(actor, "account.password_changed", user, {"other_sessions_ended": ended})
    return user


def end_own_session(actor: Actor, pk: UUID) -> int:
    """Log oneself out in one other browser."""
    with transaction.atomic():
        ended = sessions.end(actor.user, pk=pk)
        if ended:
            record(actor, "account.session_ended", actor.user, {"sessions": ended})
    return ended


def end_other_sessions(actor: Actor, here: UUID | None) -> int:
    """Log oneself out everywhere but here."""
    with transaction.atomic():
        ended = sessions.end(actor.user, but=here)
        record(actor, "account.session_ended", actor.user, {"sessions": ended})
    return ended
