"""The way from a new client to a booked course, as a row of steps on every page of it."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("courses/parts/way.html")
def way(course: Any, here: str) -> dict[str, Any]:
    """The steps of a course, with the one where we are.

    Args:
        course: the course that is being prepared.
        here: wish, screening, consent, chart, plan, approval, booking or card.
    """
    return {"course": course, "here": here}
