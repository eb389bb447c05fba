"""Names, phone numbers and codes as they are stored and looked for."""

from __future__ import annotations

import re
import secrets
import unicodedata

# Without what is misread or misheard: 0 and O, 1, I and L; and without vowels, so that no words arise.
_CODE_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"
_CODE_LENGTH = 8
# Marks that turn the direction of everything after them.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy(text: str) -> str:
    """A name as it is stored: composed, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def search_form(text: str) -> str:
    """A name as it is compared: whatever the case, the width or the way its accents are typed."""
    return unicodedata.normalize("NFKC", tidy(text).casefold())


def digits_of(text: str) -> str:
    """The digits in a text, of any script, as 0 to 9."""
    return "".join(str(unicodedata.digit(character)) for character in text if character.isdigit())


def with_plain_digits(text: str) -> str:
    """A text with the digits of any script as 0 to 9."""
    return "".join(str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in text)


def has_control(text: str) -> bool:
    """Whether a text holds characters that steer instead of being read."""
    return any(
        letter in TURNING or (unicodedata.category(letter) == "Cc" and letter not in "\n\r\t") for letter in text
    )


def new_code() -> str:
    """A code that says nothing of the person, cannot be guessed and can be read aloud, such as `K7QB-4MPX`."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def code_form(text: str) -> str:
    """What was typed as a code, as codes are stored."""
    plain = re.sub(r"[^0-9A-Z]", "", text.upper())
    return f"{plain[:4]}-{plain[4:]}" if len(plain) > 4 else plain
