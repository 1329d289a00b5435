"""What the house's key does: links nobody can forge, and hashes nobody can compute."""

import string

import pytest
from itsdangerous import Signer

from pef_adapters.core.errors import LinkTampered
from pef_adapters.storage.house_key import KeyedHash, SignedLinks, new_house_key

KEY = "a-key-of-this-house"
LETTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def links() -> SignedLinks:
    """The links of one house."""
    return SignedLinks(KEY)


# --- links ---


def test_a_link_is_read_by_whoever_has_the_same_key(links: SignedLinks) -> None:
    """The id comes back from its token, also in another process, and so does the token."""
    link_id, token = links.new()
    assert SignedLinks(KEY).read(token) == link_id
    assert SignedLinks(KEY).token(link_id) == token


def test_no_two_links_are_alike(links: SignedLinks) -> None:
    """An id has 144 random bits, and a token fits into a web address as it is."""
    made = [links.new() for _ in range(200)]
    assert len({link_id for link_id, _ in made}) == 200
    for link_id, token in made:
        assert len(link_id) == 24
        assert set(token) <= {*LETTERS, "."}


def test_any_one_character_changed_is_noticed(links: SignedLinks) -> None:
    """At every place, by every letter a token can have and by some that none has."""
    link_id, token = links.new()
    for place, right in enumerate(token):
        for letter in {*LETTERS, ".", "=", "+", "/", " ", "\n", "\x00", "ñ", "\ud800"} - {right}:
            with pytest.raises(LinkTampered):
                links.read(token[:place] + letter + token[place + 1 :])
    assert links.read(token) == link_id


def test_anything_added_or_missing_is_noticed(links: SignedLinks) -> None:
    """At every place; the same signature in another spelling is none of ours either."""
    _, token = links.new()
    for place in range(len(token) + 1):
        for added in ("A", ".", "=", "!", "\n", " "):
            with pytest.raises(LinkTampered):
                links.read(token[:place] + added + token[place:])
    for end in range(len(token)):
        with pytest.raises(LinkTampered):
            links.read(token[:end])
        with pytest.raises(LinkTampered):
            links.read(token[end + 1 :])


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        ".",
        "..",
        "no-signature",
        ".signature-alone",
        "id.",
        "ñandú.ñandú",
        "\ud800.\ud800",
        "\x00.\x00",
        "id.%s",
        "A" * 2_000_000,
        "A" * 1_000_000 + "." + "A" * 1_000_000,
        "." * 100_000,
    ],
)
def test_nonsense_is_refused_as_tampered(links: SignedLinks, nonsense: str) -> None:
    """Whatever is sent, and however much of it, one and the same error."""
    with pytest.raises(LinkTampered):
        links.read(nonsense)


def test_another_houses_link_is_refused(links: SignedLinks) -> None:
    """Neither another key nor the same key used for something else makes a link of ours."""
    _, foreign = SignedLinks(new_house_key()).new()
    other_use = Signer(KEY, salt=b"other").sign("id").decode()
    swapped = links.token("one").split(".")[0] + "." + links.token("two").split(".")[1]
    for token in (foreign, other_use, swapped, f"id.{KeyedHash(KEY)('id')}"):
        with pytest.raises(LinkTampered):
            links.read(token)


def test_the_refusal_does_not_repeat_what_was_sent(links: SignedLinks) -> None:
    """Half a good token in a log would be half a key."""
    _, token = links.new()
    with pytest.raises(LinkTampered) as caught:
        links.read(token[:-1])
    assert token[:-1] not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None


# --- fingerprints ---


def test_the_same_text_has_the_same_fingerprint_in_one_house() -> None:
    """And in no other house; other text has another one."""
    mine = KeyedHash(KEY)
    assert mine("account/1") == KeyedHash(KEY)("account/1")
    assert len({mine("account/1"), mine("account/2"), KeyedHash("other")("account/1")}) == 3
    assert len(mine("")) == 64
    assert set(mine("ñandú")) <= set("0123456789abcdef")


def test_a_fingerprint_shows_nothing_of_its_key() -> None:
    """Neither the object nor what it makes tells it."""
    mine = KeyedHash(KEY)
    assert KEY not in f"{mine!r} {mine('')} {SignedLinks(KEY)!r}"


@pytest.mark.parametrize(
    ("hostile", "kept"), [("a\x00b", "a\ufffdb"), ("\ud800@shop", "?@shop"), ("\ud83d", "?")]
)
def test_hostile_text_has_the_fingerprint_of_what_is_kept_of_it(hostile: str, kept: str) -> None:
    """A store's own buyer can't stop its delivery, and is the same when read back."""
    assert KeyedHash(KEY)(hostile) == KeyedHash(KEY)(kept)
