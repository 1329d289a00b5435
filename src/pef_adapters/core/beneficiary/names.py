"""The account holder's name: letters of any script, as in the document."""

import unicodedata

from pef_adapters.core.beneficiary.refusals import refused

_FIELD = "name"
_SHORTEST, _LONGEST = 3, 100
_WORDS = 2
_SIGNS = frozenset(" .'-")
# Signs and spaces that phones put in by themselves.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc\u00b4\u0060", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014", "-"),
        **dict.fromkeys("\u00a0\u202f", " "),
    }
)


def holder_name(typed: str) -> str:
    """The name with single spaces and composed letters, 3 to 100 characters.

    Raises:
        BeneficiaryInvalid: no name, a sign or digit that no name has, too short or too
            long, or one word only.
    """
    name = unicodedata.normalize("NFC", typed).translate(_PLAIN).strip(" ")
    if not name:
        raise refused(_FIELD, "NAME_MISSING")
    if not all(_belongs(character) for character in name):
        raise refused(_FIELD, "NAME_CHARACTERS")
    name = " ".join(name.split())
    if not _SHORTEST <= len(name) <= _LONGEST:
        raise refused(_FIELD, "NAME_LENGTH")
    if len(_words(name)) < _WORDS:
        raise refused(_FIELD, "NAME_ONE_WORD")
    return name


def masked_name(name: str) -> str:
    """The first word and the initial of the second: "Ana Q."."""
    first, *others = _words(name) or [""]
    initial = next((letter for word in others for letter in word if letter.isalpha()), "")
    return f"{first} {initial}." if initial else f"{first[:1]}."


def _belongs(character: str) -> bool:
    # Marks: some scripts write vowels as marks of their own.
    return character in _SIGNS or unicodedata.category(character)[0] in "LM"


def _words(name: str) -> list[str]:
    return [word for word in name.split() if any(map(str.isalpha, word))]
