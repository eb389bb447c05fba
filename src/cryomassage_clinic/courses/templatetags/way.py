"""The way from a new client to a booked course, as a row of steps on every page of it."""

from __future__ import annotations

from typing import Any

from django import template

from cryomassage_clinic.courses.standing import steps_of

register = template.Library()


@register.inclusion_tag("courses/parts/way.html", takes_context=True)
def way(context: dict[str, Any], course: Any, here: str) -> dict[str, Any]:
    """The steps of a course, with the one where we are.

    Args:
        context: of the page.
        course: the course that is being prepared; None while it is being opened.
        here: wish, screening, consent, chart, plan, approval, booking or card.
    """
    return {"steps": steps_of(course or None, here, context["request"].actor)}
