"""Every question we ask Shopify fits its schema, in each version that is alive."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

import pytest
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)

from pef_shopify.client import document

PACKAGE = Path(str(resources.files("pef_shopify")))
FIXTURES = Path(__file__).parents[2] / "fixtures" / "shopify" / "schemas"
NAMES = sorted(path.stem for path in (PACKAGE / "documents").glob("*.graphql"))
SCHEMAS = sorted([*(PACKAGE / "schemas").glob("admin-*"), *FIXTURES.glob("admin-*")])
# Since 2026-04 these are refused without a key (section 2); no schema says so.
NEED_A_KEY: Final = frozenset({"refundCreate"})


@pytest.fixture(scope="module", params=SCHEMAS, ids=lambda path: path.name[:13])
def schema(request: pytest.FixtureRequest) -> GraphQLSchema:
    """The Admin schema of one version."""
    return build_schema(request.param.read_text(encoding="utf-8"), assume_valid=True)


class _Fields(Visitor):
    """Collects the fields of a document that need a key and have none."""

    def __init__(self) -> None:
        super().__init__()
        self.keyless: list[str] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if node.name.value in NEED_A_KEY and not any(map(_is_key, node.directives or ())):
            self.keyless.append(node.name.value)


def _is_key(directive: DirectiveNode) -> bool:
    return directive.name.value == "idempotent"


def keyless(parsed: DocumentNode) -> list[str]:
    """The fields that Shopify would refuse because they have no idempotency key."""
    visitor = _Fields()
    visit(parsed, visitor)
    return visitor.keyless


def operations(parsed: DocumentNode) -> Iterator[OperationDefinitionNode]:
    """The operations of a document."""
    yield from (d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))


def test_documents_and_schemas_are_there() -> None:
    """The newest schema is shipped, and there is something to hold against it."""
    assert "admin-2026-10.subset.graphql" in {path.name for path in SCHEMAS}
    assert {"order", "refund", "record_set", "tags_add"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_document_fits_the_schema(name: str, schema: GraphQLSchema) -> None:
    """Every field, argument and type that we use is Shopify's."""
    assert validate(schema, parse(document(name))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "{ order(id: 5.5) { id } }",
        '{ refund(id: "1") { totalRefunded } }',
        '{ order(id: "1") { refundStatus } }',
        'mutation { tagsAdd(id: "1") { userErrors { message } } }',
        'mutation { refundSessionPending(id: "1") { userErrors { message } } }',
    ],
)
def test_a_wrong_document_is_refused(wrong: str, schema: GraphQLSchema) -> None:
    """The check would notice a field that is not there, or an argument that is missing."""
    assert validate(schema, parse(wrong)) != []


@pytest.mark.parametrize("name", NAMES)
def test_each_document_holds_one_operation(name: str) -> None:
    """One file, one question, and a mutation names its result `written`."""
    (operation,) = operations(parse(document(name)))
    if operation.operation is OperationType.MUTATION:
        (field,) = operation.selection_set.selections
        assert isinstance(field, FieldNode)
        assert field.alias is not None
        assert field.alias.value == "written"


@pytest.mark.parametrize("name", NAMES)
def test_no_mutation_lacks_the_key_it_needs(name: str) -> None:
    """What Shopify demands a key for has one."""
    assert keyless(parse(document(name))) == []


def test_a_missing_key_would_be_noticed() -> None:
    """No schema check sees that the directive is missing, but this one does."""
    bare = 'mutation { refundCreate(input: {orderId: "1"}) { userErrors { message } } }'
    keyed = bare.replace("}) {", '}) @idempotent(key: "k") {', 1)
    assert keyless(parse(bare)) == ["refundCreate"]
    assert keyless(parse(keyed)) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_overwritten(name: str) -> None:
    """It is never orderUpdate that writes: it replaces what others wrote (section 2)."""
    assert "orderUpdate" not in document(name)
    assert "refundCreate" not in document(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_personal_data_is_asked_for(name: str) -> None:
    """Level 1 of protected data is enough: no name, address, phone or e-mail is read."""
    personal = ("email", "phone", "customer", "Address", "clientIp")
    assert not [word for word in personal if word in document(name).replace("customAttr", "")]
