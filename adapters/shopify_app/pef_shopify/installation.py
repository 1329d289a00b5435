"""The shop and our app in it, as GraphQL answers: names, scopes, webhooks. Shapes only."""

from pef_shopify.identity import Id
from pef_shopify.wire import Graph, PageInfo


class Shop(Graph):
    """The shop, by the name that Shopify gave it."""

    name: str
    myshopify_domain: str


class ShopAnswer(Graph):
    """The answer to shop.graphql."""

    shop: Shop


class Scope(Graph):
    """One thing that the app may do."""

    handle: str


class Installation(Graph):
    """What the shop allows our app."""

    access_scopes: tuple[Scope, ...]


class ScopesAnswer(Graph):
    """The answer to scopes.graphql."""

    installation: Installation


class Webhook(Graph):
    """A webhook that our app made through the API."""

    id: Id
    topic: str
    uri: str
    format: str
    filter: str | None = None
    include_fields: tuple[str, ...] = ()


class Webhooks(Graph):
    """One page of them."""

    nodes: tuple[Webhook, ...]
    page_info: PageInfo


class WebhooksAnswer(Graph):
    """The answer to webhooks.graphql."""

    webhooks: Webhooks
