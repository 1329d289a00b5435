"""Write the reference pages that come from the code: `make docs` runs this.

With `--check` it writes nothing and fails where a page is out of date.

Owns all of docs/reference/. Nobody edits those by
hand; a test compares them with what this file would write.
"""

import ast
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel, SecretStr

from pef_adapters.cli.app import app
from pef_adapters.core import errors, states
from pef_adapters.core.access import PERSONS_ONLY, ROLES, Permission, Role
from pef_adapters.core.policy import guards, windows
from pef_adapters.core.policy.conditions import Conditions
from pef_adapters.core.policy.decision import Outcome, Verdict
from pef_adapters.core.policy.history import COLUMNS, NEEDED
from pef_adapters.core.policy.library import TEMPLATES, template, template_text
from pef_adapters.core.policy.model import (
    Answer,
    ApprovalTerms,
    Limit,
    OneUpTo,
    Part,
    PayoutTerms,
    Policy,
    RailWindow,
    Window,
)
from pef_adapters.core.texts import FIGURES, LANGUAGES, advise, explain, keys
from pef_adapters.server.console.routes import ROUTES
from pef_adapters.server.graphql.guide import guide
from pef_adapters.server.graphql.schema import schema_text
from pef_adapters.settings import Settings
from pef_shopify.app import AppSettings
from pef_shopify.payments.settings import PaymentsSettings
from pef_shopify.settings import Settings as ShopifySettings
from pef_vtex.settings import Settings as VtexSettings
from pef_woocommerce.settings import Settings as WooCommerceSettings

REFERENCE = Path(__file__).parent / "reference"
EXAMPLES = REFERENCE / "graphql-examples"
GENERATED = "<!-- Written by docs/generate.py; run `make docs` instead of editing. -->"
# Parts of a policy with the models that say what each can hold.
PARTS = {
    "rules and otherwise: the answer": Answer,
    "approvers by amount": OneUpTo,
    "window": Window,
    "rail_windows": RailWindow,
    "limits": Limit,
    "payout": PayoutTerms,
    "approvals": ApprovalTerms,
}
STORE_SETTINGS: dict[str, type[BaseModel]] = {
    "woocommerce": WooCommerceSettings,
    "shopify": ShopifySettings,
    "shopify_payments": PaymentsSettings,
    "vtex": VtexSettings,
}
# How values are told that a JSON schema knows only by their type or pattern.
VALUES = {
    "boolean": "`true`, `false`",
    "integer": "a count",
    "number": "an amount such as 59.90",
    "string": "an amount such as 59.90",
    "^[A-Z]{3}$": "a code such as PEN",
    "^[a-z0-9][a-z0-9-]{0,59}$": "small letters, digits and hyphens",
}
# What each button of the console does, and the command that does it, or why there is none.
OWN = "—: it is one's own browser"
BUTTONS: dict[str, dict[str, str]] = {
    "/console/approvals/{refund_id}": {
        "agree": "`pef approval approve REFUND --by NAME`",
        "decline": "`pef approval decline REFUND --by NAME`",
        "ask, answer, comment": "`pef approval ask`, `pef approval answer`, `pef approval comment`",
    },
    "/console/payouts/ask": {"make a new link for the buyer": "`pef payout ask REFUND --by NAME`"},
    "/console/payouts/accounts/{account_id}/export": {
        "make a bank file": "`pef payout export --account ACCOUNT --by NAME --out FILE`"
    },
    "/console/payouts/batches/{batch_id}/file": {
        "take a bank file": "`pef payout file BATCH --out FILE`"
    },
    "/console/payouts/batches/{batch_id}/answers": {
        "book the bank's answers": "`pef payout import BATCH FILE --by NAME`"
    },
    "/console/payouts/batches/{batch_id}/proofs": {
        "keep a proof": "`pef payout proof BATCH FILE --by NAME`"
    },
    "/console/payouts/batches/{batch_id}/proofs/{proof_id:int}": {
        "take a proof": "`pef payout proofs BATCH`"
    },
    "/console/policies/{kind}/{name:path}": {
        "check": "`pef policy check FILE`",
        "try on the past": "`pef policy backtest FILE --since DAY`",
        "ask why": "`pef policy explain`",
        "compare": "`pef policy diff`, `pef policy history`",
        "publish": "`pef policy publish FILE --store STORE --by NAME`",
    },
    "/console/by-hand": {"refund what no store asked for": "`pef refund find`, `pef refund new`"},
    "/console/refunds/new": {"the same, from the list": "`pef refund find`, `pef refund new`"},
    "/console/refunds/{refund}/{what}": {
        "try again": "`pef refund retry REFUND`",
        "pay by hand": "`pef payout choose REFUND --by NAME`",
        "it was paid, it was not": "`pef refund settle REFUND --paid --by NAME`, or `--not-paid`",
        "deadline": "`pef refund deadline REFUND --at TIME --by NAME`",
        "withdraw": "`pef refund withdraw REFUND --by NAME --why REASON`",
    },
    "/console/stores/{store_id}/check": {"check a store now": "`pef store check STORE`"},
    "/console/stores/{store_id}/settings": {"change its settings": "`pef store settings STORE`"},
    "/console/stores/{store_id}/agency": {
        "change its agency": "`pef store join STORE --agency AGENCY`, or `--leave`"
    },
    "/console/stores/{store_id}/plugin-code": {
        "a code for the WordPress plugin": "`pef store code --url ADDRESS`"
    },
    "/console/stores/{store_id}/link-up-code": {
        "a code for VTEX's admin": "`pef store add vtex --vtex-account NAME` shows a new one"
    },
    "/console/agencies": {"make an agency": "`pef agency set AGENCY --title TITLE --by NAME`"},
    "/console/agencies/{name}": {
        "change its title and settings": "`pef agency set AGENCY --settings FILE --by NAME`"
    },
    "/console/accounts/{account_id}/renew": {
        "record until when documents and keys are good": "`pef account renew ACCOUNT`"
    },
    "/console/accounts/{account_id}/costs": {
        "keep its fees and rates": "`pef costs set FILE --account ACCOUNT`"
    },
    "/console/sign-in": {"sign in": OWN},
    "/console/enter/{token}": {"come in by the store's platform": OWN},
    "/console/sign-in/passkey/offer": {"ask the browser for a passkey": OWN},
    "/console/sign-in/passkey": {"sign in with a passkey": OWN},
    "/console/sign-out": {"sign out": OWN},
    "/console/link/{token}": {"use a one-time link": OWN},
    "/console/people/invite": {"invite": "`pef user invite EMAIL --role ROLE@PLACE`"},
    "/console/people/{email}/grants": {
        "give and take roles": "`pef user roles EMAIL --role ROLE@PLACE`"
    },
    "/console/people/{email}/disable": {"let somebody in no more": "`pef user disable EMAIL`"},
    "/console/people/{email}/enable": {"let somebody in again": "`pef user enable EMAIL`"},
    "/console/people/{email}/reset": {"a link for a new password": "`pef user reset EMAIL`"},
    "/console/people/tokens": {"make a token": "`pef token make NAME --may PERMISSION`"},
    "/console/people/tokens/{token}/revoke": {"end a token": "`pef token revoke TOKEN`"},
    "/console/account/password": {"choose another password": OWN},
    "/console/account/language": {"choose a language": OWN},
    "/console/account/codes": {"begin with codes of an app": OWN},
    "/console/account/codes/confirm": {"ask for codes from now on": OWN},
    "/console/account/codes/drop": {"ask for codes no more": OWN},
    "/console/account/passkeys": {"begin to add a passkey": OWN},
    "/console/account/passkeys/keep": {"keep a passkey that the browser made": OWN},
    "/console/account/passkeys/drop": {"remove a passkey": OWN},
    "/console/account/sessions/end": {"sign one browser out": OWN},
    "/console/account/sessions/end-all": {"sign every browser out": OWN},
}
READ = {
    "Today": "`pef alarm list`, `pef refund list --state held`",
    "Refunds": "`pef refund search`, `pef refund show REFUND`, `pef refund bundle REFUND`",
    "By hand": "`pef refund find`",
    "Approvals": "`pef approval list`, `pef approval show REFUND`",
    "Payouts": "`pef payout list`, `pef payout batches`",
    "Policies": "`pef policy show --store STORE`, `pef policy history`, `pef policy templates`",
    "Stores": "`pef store health`, `pef store settings STORE`, `pef diff`",
    "Agencies": "`pef agency list`, `pef agency show AGENCY`",
    "People": "`pef user list`, `pef token list`",
    "Audit": "`pef audit list`",
}
SHOWN = {"en": "English", "es_PE": "Español", "zh_Hans": "简体中文"}


def states_page() -> str:
    """The machine's diagram, and a row per state: who acts, when, where the money is."""
    rows = (
        (
            f"`{state}`",
            states.CARE[state].owner.value,
            _wait(states.CARE[state].look_again),
            states.MONEY[state].value,
        )
        for state in states.State
    )
    return _page(
        "States of a refund",
        "Everything here comes from one table, `core/states.py`. A step that the table does\n"
        "not have is refused. *Money* says where the refund's amount stands in its payment's\n"
        "account while the refund is in that state.",
        f"```mermaid\n{states.diagram()}```",
        _table(("State", "Who moves it on", "Looked at again", "Money"), rows),
        "## What each means",
        *(_explained(f"state.{state}") for state in states.State),
    )


def errors_page() -> str:
    """A section per error code; the help page of every error points into it."""
    return _page(
        "Errors",
        "Each error has a stable code. *Retry* says whether the same call can succeed later:\n"
        "`never`, `later` by itself, or `after_mending` something.",
        *(_error(cls) for cls in error_classes()),
    )


def decisions_page() -> str:
    """The guards in their order, the window and the rules, with every code each can answer."""
    intro = (
        "First come the hard guards, in this order; the first that does not pass decides.\n"
        "Then the [policy](policy.md) answers with its first rule that matches, and its window\n"
        "beside it: the stricter of the two decides. Words in braces are figures."
    )
    return _page(
        "Decisions",
        intro,
        *(_rule(guard) for guard in guards.GUARDS),
        _rule(windows.window_open),
        "## Rules of a policy",
        *(_explained(f"code.{code}") for code in policy_codes()),
        *_attention(),
    )


def policy_page() -> str:
    """What a policy can say: outcomes, conditions, parts, findings of the check, templates."""
    intro = (
        "A policy is a YAML or JSON file. Its rules are asked in their order after the\n"
        "[hard guards](decisions.md), and the first that matches answers; all the conditions\n"
        "of a rule have to hold. [How to write one](../how-to/write-a-policy.md)."
    )
    return _page(
        "Refund policies",
        intro,
        "## Outcomes",
        *(_explained(f"outcome.{outcome}") for outcome in Outcome),
        "## Conditions",
        "A condition on something that nobody told us about a refund does not hold.",
        *(_explained(f"condition.{name}") for name in Conditions.model_fields),
        "## Parts",
        inspect.getdoc(Policy) or "",
        _terms(Policy, "double_press_minutes"),
        f"An agency can lock rules, each by its own `locked`, and parts: {_listed(Part)}.",
        *(_part(name, model) for name, model in PARTS.items()),
        "## What `pef policy check` finds",
        *(_explained(key) for key in _keys_of("lint")),
        "## Past refunds for `pef policy backtest`",
        f"The columns {', '.join(f'`{name}`' for name in NEEDED)} are needed.",
        _table(("Column", "What stands in it"), ((f"`{n}`", t) for n, t in COLUMNS.items())),
        "## Templates",
        *(_template(name) for name in TEMPLATES),
    )


def _part(name: str, model: type[BaseModel]) -> str:
    return f"### {name}\n\n{inspect.getdoc(model) or ''}\n\n{_terms(model)}"


def _terms(model: type[BaseModel], *only: str) -> str:
    """What each name of a model may be given, and what it is where nobody gives it."""
    schema = model.model_json_schema(mode="validation")
    rows = (
        (f"`{name}`", _allowed(found, schema), _usual(name, found, schema))
        for name, found in schema["properties"].items()
        if name in (only or schema["properties"])
    )
    return _table(("Name", "What it can be", "Without it"), rows)


def _allowed(found: Any, schema: Any) -> str:
    """The values that a part of a JSON schema lets through, in words."""
    match found:
        case {"$ref": name}:
            return _allowed(schema["$defs"][name.rpartition("/")[2]], schema)
        case {"enum": values} | {"properties": values}:
            return _listed(values)
        case {"anyOf": choices}:
            words = (_allowed(each, schema) for each in choices if each.get("type") != "null")
            return " or ".join(dict.fromkeys(words))
        case {"minimum": lowest, "maximum": highest}:
            return f"{lowest} to {highest}"
    return VALUES[found.get("pattern", found["type"])]


def _usual(name: str, found: Any, schema: Any) -> str:
    if name in schema.get("required", ()):
        return "has to be given"
    default = found.get("default")
    return "—" if default is None else f"`{str(default).lower()}`"


def _listed(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _template(name: str) -> str:
    described = template(name).description
    rows = ((shown, described.shown(language)) for language, shown in SHOWN.items())
    text = template_text(name).rstrip()
    return f"### `{name}`\n\n{_table(('Language', 'What it is for'), rows)}\n\n```yaml\n{text}\n```"


def rail_codes_page() -> str:
    """What PagoEfectivo's codes and words for a status mean, and whether a retry helps."""
    return _page(
        "PagoEfectivo's codes and states",
        "What PagoEfectivo answers, in plain words, and whether a retry helps.\n"
        'Mind that "Cancelado" on a CIP means *paid*.',
        "## Codes",
        *(_explained(key) for key in _keys_of("rail")),
        "## States",
        *(_explained(key) for key in _keys_of("rail_status")),
    )


def settings_page() -> str:
    """Every PEF_ variable, and every setting of a store, from the models that read them."""
    return _page(
        "Settings",
        "Read from the environment by the service. Besides, `SSL_CERT_FILE` names the\n"
        "certificates to trust.",
        "## The service",
        _variables("PEF_", Settings),
        "## Your Shopify app",
        _variables("PEF_SHOPIFY_", AppSettings),
        "## Settings of one store",
        "Given to `pef store add`; what each means is said by its option there.",
        *(
            f"### {platform}\n\n{_table(('Setting', 'Default'), _fields(model))}"
            for platform, model in STORE_SETTINGS.items()
        ),
    )


def _variables(prefix: str, model: type[BaseModel]) -> str:
    rows = (
        (f"`{prefix}{name.upper()}`", field.description or "", f"`{_default(field.default)}`")
        for name, field in model.model_fields.items()
    )
    return _table(("Variable", "Meaning", "Default"), rows)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        told = "required" if field.is_required() else f"`{_default(field.default)}`"
        yield f"`{name}`", told


def commands_page() -> str:
    """Every command of `pef` with its options, from the commands themselves."""
    root = typer.main.get_command(app)
    intro = "Each command explains itself with `--help`."
    return _page("Commands", intro, *(_command(*found) for found in _commands(root, "pef")))


def roles_page() -> str:
    """The table role × permission, and what each of both means."""
    rows = (
        (f"`{p}`", *("yes" if p in ROLES[role] else "—" for role in Role), _by_machine(p))
        for p in Permission
    )
    return _page(
        "Roles and permissions",
        "Everything here comes from one table, `core/access/roles.py`. A role is held in a place:\n"
        "the whole house, one agency with all its stores, or one store. What somebody may not see\n"
        "is answered as if it did not exist.",
        _table(("Permission", *(f"`{role}`" for role in Role), "machine tokens"), rows),
        "## Roles",
        *(_explained(f"role.{role}") for role in Role),
        "## Permissions",
        *(_explained(f"permission.{p.replace(':', '_')}", p) for p in Permission),
    )


def console_page() -> str:
    """Every address to which a form of the console posts, and the command beside it."""
    posts = dict.fromkeys(route.path for route in ROUTES if "POST" in (route.methods or ()))
    rows = (
        (what, f"`{path}`", command)
        for path in posts
        for what, command in BUTTONS.get(path, {}).items()
    )
    return _page(
        "The console and the commands",
        "What can be done in [the console](../how-to/use-the-console.md), and the command that\n"
        "does the same, for scripts and where there is no browser.\n"
        "[Every command](commands.md) with its options.",
        "## To read",
        _table(("In the console", "By command"), READ.items()),
        "## To do",
        _table(("In the console", "Its address", "By command"), rows),
        "## Only by command",
        "`pef serve`, `pef worker`, `pef migrate`, `pef sandbox` and `pef demo` work on the\n"
        "machine itself; `pef apply` and `pef export` read and write files there.",
    )


def _by_machine(permission: Permission) -> str:
    return "—" if permission in PERSONS_ONLY else "yes"


def graphql_page() -> str:
    """How programs use the API; every example is asked of the service by a test."""
    return _page(
        "GraphQL API",
        "Programs ask at `POST /graphql`. The schema, each part of it explained, is\n"
        "[schema.graphql](schema.graphql).",
        *guide(),
        "## Examples",
        *(_example(path) for path in sorted(EXAMPLES.glob("*.graphql"))),
    )


def _example(path: Path) -> str:
    """One example: its first line, its query, its variables."""
    told, _, query = path.read_text(encoding="utf-8").partition("\n")
    asked = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["variables"]
    parts = [f"### {told.removeprefix('#').strip()}", f"```graphql\n{query.strip()}\n```"]
    if asked:
        shown = json.dumps(asked, indent=2, ensure_ascii=False)
        parts.append(f"Variables:\n\n```json\n{shown}\n```")
    return "\n\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "states.md": states_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "decisions.md": decisions_page,
    "policy.md": policy_page,
    "rail-codes.md": rail_codes_page,
    "schema.graphql": schema_text,
    "graphql.md": graphql_page,
    "roles.md": roles_page,
    "console-and-cli.md": console_page,
}


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value in ("", ()):
        return "not set"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The commands below this one, by their whole names; groups are only ways to them."""
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child in sorted(children):
        yield from _commands(children[child], f"{name} {child}")


def _command(name: str, command: Any) -> str:
    rows = [
        (f"`{' / '.join((*option.opts, *option.secondary_opts))}`", option.help or "")
        for option in command.params
        if option.name != "help"
    ]
    parts = [f"## `{name}`", inspect.cleandoc(command.help or "")]
    return "\n\n".join([*parts, _table(("Option", "Meaning"), rows)] if rows else parts)


def error_classes(root: type[errors.PefError] = errors.PefError) -> Iterator[type[errors.PefError]]:
    """The error tree of `core.errors`, root first, in its order."""
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith(f"{errors.__name__}."):
            yield from error_classes(child)


def policy_codes() -> list[str]:
    """Every code that the policy's own rules can answer with."""
    rooms = (importlib.import_module(f"pef_adapters.core.policy.{n}") for n in ("limits", "judge"))
    nodes = (node for room in rooms for node in ast.walk(ast.parse(inspect.getsource(room))))
    found = [node.value for node in nodes if isinstance(node, ast.Constant)]
    names = dict.fromkeys(text for text in found if isinstance(text, str) and text.isupper())
    return [name for name in names if not name.startswith("WINDOW_")]


def rule_codes(rule: Callable[..., Verdict]) -> Iterator[tuple[str, Outcome]]:
    """Every (code, outcome) that a rule's source can answer with."""
    for node in ast.walk(ast.parse(inspect.getsource(rule))):
        match node:
            case ast.Call(func=ast.Name(id="Verdict"), args=[_, code, outcome, *_]):
                yield ast.literal_eval(code), Outcome[ast.unparse(outcome).split(".")[1]]
            case ast.Call(func=ast.Name(id="_passes"), args=[_, code]):
                yield ast.literal_eval(code), Outcome.APPROVE


def _error(cls: type[errors.PefError]) -> str:
    facts = f"HTTP status {cls.http_status} · retry: `{cls.retry}` · class `{cls.__name__}`"
    anchor = f'<a id="{cls.code.lower()}"></a>'
    return f"{anchor}\n\n## {cls.code}\n\n{facts}\n\n{_languages(f'error.{cls.code}')}"


def _rule(rule: Callable[..., Verdict]) -> str:
    codes = sorted(dict.fromkeys(rule_codes(rule)), key=lambda found: list(Outcome).index(found[1]))
    parts = [f"## `{rule.__name__}`", inspect.getdoc(rule) or ""]
    for code, outcome in codes:
        parts += [f"### {code}: {outcome.value}", _languages(f"code.{code}")]
    return "\n\n".join(parts)


def _attention() -> Iterator[str]:
    """Codes that no rule answers: the engine's calls for a person."""
    asked = (*guards.GUARDS, windows.window_open)
    of_rules = {f"code.{code}" for rule in asked for code, _ in rule_codes(rule)}
    of_rules.update(f"code.{code}" for code in policy_codes())
    yield "## Calls for attention"
    yield "The engine shows these beside a refund's state when a person should look."
    yield from (_explained(key) for key in _keys_of("code") if key not in of_rules)


def _explained(key: str, shown: str = "") -> str:
    name = key.partition(".")[2]
    anchor = f'<a id="{name.lower().replace(" ", "-")}"></a>'
    return f"{anchor}\n\n### {shown or name}\n\n{_languages(key)}"


def _languages(key: str) -> str:
    """The key's texts in every language, each figure shown by its name."""
    figures = {name: f"{{{name}}}" for name in FIGURES}
    rows = (
        (name, explain(key, language, figures), advise(key, language, figures) or "—")
        for language, name in SHOWN.items()
    )
    return _table(("Language", "What it means", "What to do next"), rows)


def _keys_of(group: str) -> list[str]:
    return sorted(key for key in keys(LANGUAGES[0]) if key.startswith(f"{group}."))


def _wait(wait: timedelta | None) -> str:
    if wait is None:
        return "never"
    return f"after {wait}" if wait else "at once"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(title: str, intro: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", GENERATED, intro, *parts)) + "\n"


def stale() -> list[str]:
    """The pages whose file is not what would be written now."""
    return [name for name, page in PAGES.items() if _kept(REFERENCE / name) != page()]


def _kept(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def write() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    if "--check" not in sys.argv:
        write()
    elif old := stale():
        sys.exit(f"run `make docs`; out of date: {', '.join(old)}")
