"""What the tests with a fake VTEX share: its remote control, its keys, where hooks arrive."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx

from pef_adapters.testing.fake_vtex import AppKey, VtexSettings, running
from pef_adapters.testing.fake_vtex.settings import Role
from woocommerce_bench import Listener, free_port

__all__ = ["Listener", "RemoteVtex", "free_port", "vtex_running"]

ACCOUNT = "tiendamisti"
PROVIDER_KEY, PROVIDER_TOKEN = "made-up-provider-key", "made-up-provider-token"
PARTNER_KEY, PARTNER_TOKEN = "made-up-partner-key", "made-up-partner-token"
STORE_KEY, STORE_TOKEN = "vtexappkey-made-up", "made-up-store-token"
READER_KEY = "vtexappkey-reader"
ALL_POWER_KEY = "vtexappkey-all"
_READER_ROLES: tuple[Role, ...] = ("view_order",)
_ALL_ROLES: tuple[Role, ...] = ("view_order", "orders_full_access", "process_payments")
KEYS = (
    AppKey(key=STORE_KEY, token=STORE_TOKEN),
    AppKey(key=READER_KEY, token=STORE_TOKEN, roles=_READER_ROLES),
    AppKey(key=ALL_POWER_KEY, token=STORE_TOKEN, roles=_ALL_ROLES),
)


@contextmanager
def vtex_running(provider_url: str, **changes: Any) -> Iterator["RemoteVtex"]:
    """A fake VTEX on a free port that drives the provider at `provider_url`."""
    port = changes.pop("port", None) or free_port()
    home = changes.pop("home", "http://127.0.0.1") + f":{port}"
    given = {
        "port": port,
        "home": home,
        "account": ACCOUNT,
        "provider_url": provider_url,
        "provider_key": PROVIDER_KEY,
        "provider_token": PROVIDER_TOKEN,
        "partner_key": PARTNER_KEY,
        "partner_token": PARTNER_TOKEN,
        "keys": KEYS,
        "suite_callback_seconds": 2.0,
    }
    with running(VtexSettings(**given | changes)), RemoteVtex(home) as vtex:
        yield vtex


class RemoteVtex:
    """The fake VTEX's remote control, and its APIs with any key."""

    def __init__(self, home: str) -> None:
        self.home = home
        self._client = httpx.Client(base_url=home, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def do(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, f"/_vtex{path}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def refused(self, path: str, body: Any) -> str:
        """What VTEX says where it does not do something."""
        answer = self._client.post(f"/_vtex{path}", json=body)
        assert answer.status_code == 409, f"{answer.status_code} {answer.text}"
        return str(answer.json()["error"])

    def api(self, method: str, path: str, body: Any = None, key: str = STORE_KEY) -> httpx.Response:
        """One of the store's own APIs."""
        headers = {"X-VTEX-API-AppKey": key, "X-VTEX-API-AppToken": STORE_TOKEN}
        return self._client.request(method, path, json=body, headers=headers)

    def page(self, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        """A page, or what a form on it leads to."""
        method = "GET" if form is None else "POST"
        return self._client.request(method, path, data=form)

    def buy(self, *totals: str, **more: Any) -> Any:
        """A purchase: its payment, with `order_ids`."""
        return self.do("POST", "/orders", {"totals": totals or ("119.80",), **more})

    def settled(self, *totals: str, **more: Any) -> Any:
        """A purchase that was approved and captured; shown as `buy` does."""
        bought = self.buy(*totals, **more)
        self.press(bought["order_ids"][0], "settle")
        return bought

    def returnable(self, total: str = "119.80") -> Any:
        """A purchase that was approved, captured and wholly invoiced; shown as `buy` does."""
        bought = self.buy(total)
        self.press(bought["order_ids"][0], "invoice")
        return bought

    def press(self, order_id: str, action: str, amount: str | None = None, **more: Any) -> Any:
        """A button on an order; answers the order with its payment."""
        pressed = {"action": action, "amount": amount, **more}
        return self.do("POST", f"/orders/{order_id}", pressed)

    def order(self, order_id: str) -> Any:
        return self.do("GET", f"/orders/{order_id}")

    def payment(self, payment_id: str) -> Any:
        return self.do("GET", f"/payments/{payment_id}")

    def refunds(self, payment_id: str) -> list[Any]:
        """What the gateway wants refunded of a payment, and how far that got."""
        asks = self.payment(payment_id)["asks"]
        return [ask for ask in asks if ask["operation"] == "refunds"]

    def call_refunds(self, payment_id: str, amount: str, **more: Any) -> list[Any]:
        """Refunds past VTEX's own books; answers the calls."""
        calls = self.do("POST", f"/payments/{payment_id}/refunds", {"amount": amount, **more})
        return list(calls)

    def repeat(self, payment_id: str, operation: str, times: int = 1) -> list[Any]:
        wanted = {"operation": operation, "times": times}
        return list(self.do("POST", f"/payments/{payment_id}/repeat", wanted))

    def calls(self, operation: str) -> list[Any]:
        """Every call of an operation so far, with its answer."""
        return [call for call in self.seen()["calls"] if call["operation"] == operation]

    def moods(self, **moods: Any) -> None:
        self.do("POST", "/moods", moods)

    def advance(self, **step: int) -> int:
        """Move its clock on; answers how much fell due on the way."""
        seconds = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
        total = sum(seconds[unit] * count for unit, count in step.items())
        return int(self.do("POST", "/clock", {"seconds": total})["done"])

    def retry(self) -> int:
        """Send now what waits to be sent again."""
        return int(self.do("POST", "/retry")["sent"])

    def flush_hooks(self) -> int:
        return int(self.do("POST", "/hooks/flush")["sent"])

    def seen(self) -> Any:
        return self.do("GET", "/seen")

    def suite(self, *cases: str, **more: Any) -> Any:
        return self.do("POST", "/suite", {"cases": cases, **more})
