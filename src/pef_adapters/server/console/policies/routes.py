"""The pages of policies: who has one, what it says, and the editor with its tries.

What somebody typed stands in the form again after every try and every refusal; only a
publication leaves the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import InvalidInput, NotAllowed, NotThere, PefError
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Outcome
from pef_adapters.core.policy.backtest import Backtest
from pef_adapters.core.policy.explanation import Explanation, explain_decision
from pef_adapters.core.policy.library import TEMPLATES, template_text
from pef_adapters.core.policy.lint import Severity
from pef_adapters.core.writing import policy_whole
from pef_adapters.engine.gate import policies, policy_drafts
from pef_adapters.engine.gate.policies import Standing
from pef_adapters.engine.gate.policy_drafts import Checked, Sample
from pef_adapters.server.console.asking import Asking, page
from pef_adapters.server.console.drawing import drawn, moved
from pef_adapters.server.console.policies.telling import tell
from pef_adapters.server.console.refusals import Refused, asked_for, refused

_LIST = "/console/policies"
_ONE = _LIST + "/{kind}/{name:path}"
_MOST_CHANGED = 100
_TYPED: Mapping[str, str] = {
    "days": "30",
    "refund": "",
    "amount": "50.00",
    "paid": "100.00",
    "currency": "PEN",
    "age": "3",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a button: at most one of these."""

    checked: Checked | None = None
    reports: Mapping[str, Backtest] = field(default_factory=dict)
    told: Explanation | None = None
    lines: list[str] | None = None
    refusal: Refused | None = None
    overtaken: bool = False

    @property
    def status(self) -> int:
        """The page's status."""
        return self.refusal.status if self.refusal else 200


@page
async def _list(asking: Asking) -> Response:
    found = await policies.owners(asking.ports, asking.actor)
    return drawn(asking, "policies/list.html.jinja", owners=found)


@page
async def _one(asking: Asking) -> Response:
    standing = await policies.read(asking.ports, asking.actor, _owner(asking))
    asked = asking.request.query_params
    text, lines = standing.text, None
    if name := asked.get("template"):
        text = template_text(name)
    if asked.get("older") and asked.get("newer"):
        versions = (_whole(asked["older"]), _whole(asked["newer"]))
        lines = await policies.diff(asking.ports, asking.actor, standing.owner, *versions)
    return await _drawn_one(asking, standing, text, Tried(lines=lines))


@page
async def _act(asking: Asking) -> Response:
    owner, text = _owner(asking), _text(asking)
    try:
        if asking.form.get("act") == "publish":
            since = _whole(asking.form.get("edited_from", ""))
            await policies.publish(asking.ports, asking.actor, owner, text, since)
            return moved(f"{_LIST}/{quote(owner)}", "console.policies_published")
        tried = await _tried(asking, owner, text)
    except (NotThere, NotAllowed) as error:
        # Where the owner itself is not his, reading it says so.
        tried = Tried(refusal=refused(error))
    except PefError as error:
        tried = await _refused(asking, owner, text, error)
    standing = await policies.read(asking.ports, asking.actor, owner)
    return await _drawn_one(asking, standing, text, tried)


async def _tried(asking: Asking, owner: str, text: str) -> Tried:
    at = (asking.ports, asking.actor, owner, text)
    match asking.form.get("act"):
        case "check":
            return Tried(checked=await policy_drafts.check(*at))
        case "backtest":
            days = _whole(asking.form.get("days", ""))
            return Tried(reports=await policy_drafts.back_test(*at, days))
        case "explain":
            return Tried(told=await _explained(asking, owner, text))
        case "compare":
            return Tried(lines=await policies.diff_of_draft(*at))
        case _:
            return Tried(refusal=asked_for("console.policies_unknown_act"))


async def _explained(asking: Asking, owner: str, text: str) -> Explanation:
    at, form = (asking.ports, asking.actor, owner, text), {**_TYPED, **asking.form}
    if refund_id := form["refund"].strip():
        made = await policy_drafts.explain_refund(*at, refund_id)
    else:
        amount, paid = (Money.parse(form[name], form["currency"]) for name in ("amount", "paid"))
        made = await policy_drafts.explain_sample(*at, Sample(amount, paid, _whole(form["age"])))
    return explain_decision(made.as_record(), asking.language)


async def _refused(asking: Asking, owner: str, text: str, error: PefError) -> Tried:
    """Where somebody else published meanwhile, the difference is shown beside the refusal."""
    standing = await policies.read(asking.ports, asking.actor, owner)
    if asking.form.get("act") != "publish" or not isinstance(error, InvalidInput):
        return Tried(refusal=refused(error))
    if asking.form.get("edited_from") == str(standing.version):
        return Tried(refusal=refused(error))
    try:
        lines = await policies.diff_of_draft(asking.ports, asking.actor, owner, text)
    except PefError:
        return Tried(refusal=refused(error))
    return Tried(refusal=refused(error), lines=lines, overtaken=True)


async def _drawn_one(asking: Asking, standing: Standing, text: str, tried: Tried) -> Response:
    kept = await policies.history(asking.ports, asking.actor, standing.owner)
    return drawn(
        asking,
        "policies/one.html.jinja",
        tried.status,
        standing=standing,
        path=f"{_LIST}/{quote(standing.owner)}",
        told=tell(standing.effective, asking.language) if standing.effective else None,
        whole=policy_whole(standing.effective) if standing.effective else "",
        text=text,
        edited_from=_edited_from(asking, standing, tried),
        typed={**_TYPED, **asking.form},
        tried=tried,
        findings=_findings(tried.checked, asking.language),
        outcomes=list(Outcome),
        most_changed=_MOST_CHANGED,
        kept=kept,
        shown_version=_shown_version(asking, standing, kept),
        templates=TEMPLATES,
    )


def _edited_from(asking: Asking, standing: Standing, tried: Tried) -> str:
    """What was edited, until its author has seen what was published since."""
    seen = str(standing.version)
    return seen if tried.overtaken else asking.form.get("edited_from", seen)


def _findings(checked: Checked | None, language: str) -> list[dict[str, Any]]:
    return [
        {
            "line": each.line,
            "store": each.store_id,
            "is_error": each.finding.severity is Severity.ERROR,
            "means": each.finding.explanation(language),
            "next": each.finding.advice(language),
        }
        for each in (checked.found if checked else ())
    ]


def _shown_version(asking: Asking, standing: Standing, kept: list[Any]) -> str:
    """The YAML of one older version that the address asks for."""
    wanted = asking.request.query_params.get("version")
    if not wanted:
        return ""
    number = _whole(wanted)
    found = next((each for each in kept if each.version == number), None)
    return policies.text_of(found, standing.owner, number)


def _owner(asking: Asking) -> str:
    parts = asking.request.path_params
    return f"{parts['kind']}/{parts['name']}"


def _text(asking: Asking) -> str:
    """As it was typed; a browser sends line ends of its own."""
    return asking.form.get("text", "").replace("\r\n", "\n")


def _whole(typed: str) -> int:
    text = typed.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 7):  # noqa: PLR2004 - no such days
        raise InvalidInput(f"{text[:20]!r} is not a whole number")
    return int(text)


ROUTES = [
    Route(_LIST, _list, methods=["GET"]),
    Route(_ONE, _one, methods=["GET"]),
    Route(_ONE, _act, methods=["POST"]),
]
