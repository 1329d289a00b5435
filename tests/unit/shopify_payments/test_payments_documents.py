"""Every question the payments extension asks fits its schema, in each version that is alive."""

from importlib import resources
from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    parse,
    validate,
)

from pef_shopify.client import document

PACKAGE = Path(str(resources.files("pef_shopify")))
FIXTURES = Path(__file__).parents[2] / "fixtures" / "shopify" / "schemas"
NAMES = sorted(path.stem for path in (PACKAGE / "documents" / "payments").glob("*.graphql"))
PATTERN = "payments-apps-*"
SCHEMAS = sorted([*(PACKAGE / "schemas").glob(PATTERN), *FIXTURES.glob(PATTERN)])
RESULTS = {"told", "configured"}


@pytest.fixture(scope="module", params=SCHEMAS, ids=lambda path: path.stem)
def schema(request: pytest.FixtureRequest) -> GraphQLSchema:
    """The Payments Apps schema of one version."""
    return build_schema(request.param.read_text(encoding="utf-8"), assume_valid=True)


def test_documents_and_schemas_are_there() -> None:
    """The newest schema and those of three older versions, and both ends of both sessions."""
    assert len(SCHEMAS) == 4
    ends = {f"{kind}_{end}" for kind in ("payment", "refund") for end in ("resolve", "reject")}
    assert ends <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_payments_document_fits_the_schema(name: str, schema: GraphQLSchema) -> None:
    """Every field, argument and type that we use is Shopify's."""
    assert validate(schema, parse(document(f"payments/{name}"))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        'mutation { refundSessionPending(id: "1") { userErrors { message } } }',
        'mutation { refundSessionReject(id: "1") { userErrors { message } } }',
        'mutation { paymentSessionResolve(id: "1") { userErrors { code } } }',
        '{ refundSession(id: "1") { id } }',
    ],
)
def test_a_wrong_payments_document_is_refused(wrong: str, schema: GraphQLSchema) -> None:
    """There is no pending refund and no query for sessions, and the check would notice."""
    assert validate(schema, parse(wrong)) != []


@pytest.mark.parametrize("name", NAMES)
def test_each_payments_document_holds_one_operation(name: str) -> None:
    """One file, one question, and a mutation names its result as our models do."""
    parsed = parse(document(f"payments/{name}"))
    (operation,) = [d for d in parsed.definitions if isinstance(d, OperationDefinitionNode)]
    if operation.operation is OperationType.MUTATION:
        (field,) = operation.selection_set.selections
        assert isinstance(field, FieldNode)
        assert field.alias is not None
        assert field.alias.value in RESULTS
