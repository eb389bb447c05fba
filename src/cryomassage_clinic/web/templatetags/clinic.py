"""Tags that every template uses: icons, the hidden mark of a form, dates as people say them."""

from __future__ import annotations

import uuid

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cryomassage_clinic.web.core_words import told
from cryomassage_clinic.web.once import FIELD

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite; it says nothing by itself, so words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("web/icons.svg"),
        name,
    )


@register.simple_tag
def submission_field() -> SafeString:
    """The hidden mark by which a form is written once only."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uuid.uuid4())


@register.filter
def core(text: object) -> str:
    """Text of the core in the reader's language."""
    return told(str(text))
