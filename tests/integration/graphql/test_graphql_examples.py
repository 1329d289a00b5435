"""The examples of the docs, asked of the served service over real HTTP."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphql_world import EVERYTHING, HOUSEKEEPER, ApiWorld, gid
from pef_adapters.core.access import HOUSE
from pef_adapters.engine.gate.tokens import make_token
from pef_adapters.server.graphql.schema import schema_text
from served import served

EXAMPLES = Path(__file__).parents[3] / "docs" / "reference" / "graphql-examples"
ANYTHING = "…"
ACCEPT = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"


def fits(found: Any, wanted: Any) -> bool:
    """Whether an answer has the shape; "…" stands for any text, one element for each."""
    if wanted == ANYTHING:
        return isinstance(found, str)
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(fits(found[k], w) for k, w in wanted.items())
    if isinstance(wanted, list) and wanted:
        return bool(found) and all(fits(each, wanted[0]) for each in found)
    return bool(found == wanted)


def named(variables: Any, names: dict[str, str]) -> Any:
    """The variables with the world's own names in them."""
    text = json.dumps(variables, ensure_ascii=False)
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return json.loads(text)


def read(path: Path) -> tuple[str, Any]:
    """The query, and what stands beside it."""
    beside = path.with_suffix(".json").read_text(encoding="utf-8")
    return path.read_text(encoding="utf-8"), json.loads(beside)


async def asked(client: httpx.AsyncClient, body: dict[str, Any]) -> Any:
    """The data of an answer, of a subscription the first that comes."""
    if not body["query"].partition("\n")[2].startswith("subscription"):
        return (await client.post("/graphql", json=body)).json()["data"]
    async with client.stream("POST", "/graphql", json=body, headers={"Accept": ACCEPT}) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("{") and (payload := json.loads(line).get("payload")):
                return payload["data"]
    raise AssertionError("nothing was told")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.graphql")), ids=lambda path: path.stem)
async def test_an_example_answers_as_it_says(path: Path) -> None:
    """Asked word for word, it has the answer beside it."""
    query, kept = read(path)
    world = await ApiWorld().open()
    refund = await world.pressed()
    _, letters = await make_token(world.ports, HOUSEKEEPER, "example", HOUSE, EVERYTHING, days=1)
    names = {"$refund": gid("Refund", refund.id), "$name": refund.id}
    names["$store"] = gid("Store", "tienda-pe")
    body = {"query": query, "variables": named(kept["variables"], names)}
    headers = {"Authorization": f"Bearer {letters}"}
    async with (
        served(world.app) as address,
        httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as client,
    ):
        found = await asked(client, body)
    assert fits(found, kept["answer"]), found


def test_every_example_has_its_answer() -> None:
    """Each query stands beside its variables and its answer, and the other way round."""
    queries = {path.stem for path in EXAMPLES.glob("*.graphql")}
    assert queries == {path.stem for path in EXAMPLES.glob("*.json")}
    assert len(queries) > 10
    assert "refundChanged" in schema_text()
