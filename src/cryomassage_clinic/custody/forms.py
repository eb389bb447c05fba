"""The forms of the data pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.custody.models import RetentionPeriod

_LONGEST_MONTHS = 1200


class PeriodsForm(forms.Form):
    """How long each kind of data is kept, in months; empty: no period."""

    def __init__(self, *args: Any, periods: dict[str, int] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for category, label in RetentionPeriod.Category.choices:
            self.fields[category] = forms.IntegerField(
                label=label,
                required=False,
                min_value=1,
                max_value=_LONGEST_MONTHS,
                initial=(periods or {}).get(category),
                error_messages={
                    "invalid": _("Write a whole number of months, or leave it empty."),
                    "min_value": _("At least 1 month, or leave it empty."),
                    "max_value": _("At most 1200 months, or leave it empty."),
                },
            )

    def rows(self, kept: list[Any]) -> list[tuple[Any, Any]]:
        """Each field beside what the report tells of its kind."""
        by_category = {one.category: one for one in kept}
        return [(self[name], by_category[name]) for name in self.fields]


class EraseForm(forms.Form):
    """The client's code, typed to make sure."""

    code = forms.CharField(max_length=32, required=False)

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client = client

    def clean_code(self) -> str:
        """It has to be this client's."""
        code = str(self.cleaned_data["code"]).strip()
        if code.casefold() != self._client.code.casefold():
            raise forms.ValidationError(
                _("This is not the code of this client. Nothing was erased. Type %(code)s to erase.")
                % {"code": self._client.code}
            )
        return code
