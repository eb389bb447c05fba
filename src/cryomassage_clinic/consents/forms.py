"""Forms of the consents: a signature, a withdrawal, a new version of a text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cryomassage_clinic.consents.services import Signature
from cryomassage_clinic.consents.strokes import Stroke, StrokesError, read_strokes


def _mark_errors(form: forms.Form) -> None:
    """Say at each field that something is wrong with it, and where that is written."""
    for name in form.errors:
        if name in form.fields:
            attributes = form.fields[name].widget.attrs
            attributes["aria-invalid"] = "true"
            attributes["aria-describedby"] = f"{form[name].id_for_label}_error"


class SignForm(forms.Form):
    """A signature: drawn, or typed before a witness by somebody who cannot draw."""

    signed_name = forms.CharField(
        label=gettext_lazy("Name of the person who signs"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": 160}),
    )
    strokes = forms.CharField(label=gettext_lazy("Signature"), required=False, widget=forms.HiddenInput)
    cannot_draw = forms.BooleanField(label=gettext_lazy("I cannot draw my signature"), required=False)
    typed_signature = forms.CharField(
        label=gettext_lazy("Type your full name as your signature"),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": 160}),
    )
    witness_confirms = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """Either the pad holds a signature, or the name was typed and the witness says so."""
        fields = super().clean() or {}
        if fields.get("cannot_draw"):
            self._clean_typed(fields)
        elif "strokes" in fields:
            try:
                fields["strokes"] = read_strokes(fields["strokes"])
            except StrokesError as error:
                self.add_error("strokes", str(error))
        _mark_errors(self)
        return fields

    def _clean_typed(self, fields: dict[str, Any]) -> None:
        typed, name = fields.get("typed_signature"), fields.get("signed_name")
        if typed is not None and not typed:
            self.add_error("typed_signature", _("Type the full name here; it stands for the signature."))
        elif typed and name and _plain(typed) != _plain(name):
            self.add_error("typed_signature", _("This is not the name above. Type the same name."))
        if not fields.get("witness_confirms"):
            self.add_error("witness_confirms", _("The person of the clinic who saw it must confirm it here."))

    @property
    def signature(self) -> Signature:
        """What was signed; only of a valid form."""
        typed: bool = self.cleaned_data["cannot_draw"]
        strokes: list[Stroke] = [] if typed else self.cleaned_data["strokes"]
        return Signature(self.cleaned_data["signed_name"], strokes, typed)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


class WithdrawForm(forms.Form):
    """Why a consent is taken back, if the client wants to say so."""

    reason = forms.CharField(
        label=gettext_lazy("Reason, in the client's words"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 300}),
    )

    def clean(self) -> dict[str, Any]:
        """Mark what is wrong."""
        fields = super().clean() or {}
        _mark_errors(self)
        return fields


class TextForm(forms.Form):
    """A new version of a text."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=160, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    body = forms.CharField(label=gettext_lazy("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 24}))

    def clean_body(self) -> str:
        """Line ends as the database keeps them, so that the same text is the same."""
        body: str = self.cleaned_data["body"]
        return body.replace("\r\n", "\n").replace("\r", "\n")

    def clean(self) -> dict[str, Any]:
        """Mark what is wrong."""
        fields = super().clean() or {}
        _mark_errors(self)
        return fields
