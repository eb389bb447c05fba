"""How the login library behaves here: nobody signs up by themselves."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAdapter(DefaultAccountAdapter):
    """Staff are invited by the owner."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether strangers may make an account: no."""
        return False
