"""The real service before a fake VTEX and the sandbox: three servers, and hands on each.

The service is `pef serve` in a process of its own, on a real database, with its worker. The
tests' process only looks into the ledger, and does what people at the desk do.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr

from pagoefectivo_bench import SandboxProcess, sandbox_account
from pef_adapters.demo.processes import Program, started, wait_for
from pef_adapters.engine.onboarding import StoreRequest, add_account, add_store
from pef_adapters.engine.ports import Ports
from pef_adapters.platforms import http
from pef_adapters.runtime import Runtime
from pef_adapters.settings import Settings
from vtex_bench import (
    PARTNER_KEY,
    PARTNER_TOKEN,
    STORE_KEY,
    STORE_TOKEN,
    free_port,
    vtex_running,
)
from vtex_samples import TOKEN
from vtex_shop import Shop

RAIL = "main"
SECRETS = {
    "app_token": TOKEN,
    "partner_app_key": PARTNER_KEY,
    "partner_app_token": PARTNER_TOKEN,
    "store_app_key": STORE_KEY,
    "store_app_token": STORE_TOKEN,
}
_METHOD = "Promissories"
_STUMBLES = ("Traceback", "refund_stumbled", "Exception in ASGI")


@dataclass(frozen=True, slots=True)
class House:
    """The running service, its ledger and its rail; stores are opened one by one."""

    runtime: Runtime
    rail: SandboxProcess
    log: Path
    stack: ExitStack
    connecting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def address(self) -> str:
        return self.runtime.settings.address

    @property
    def ports(self) -> Ports:
        return self.runtime.ports

    async def opens(
        self,
        account: str,
        *,
        rail: SandboxProcess | None = None,
        address: str = "",
        port: int | None = None,
        policy: dict[str, Any] | None = None,
        moods: dict[str, Any] | None = None,
        suite: bool = False,
        **settings: Any,
    ) -> Shop:
        """A VTEX account of its own, connected as an owner connects it.

        `suite` lets VTEX's test suite in, whose calls may carry no keys: then the address
        that VTEX calls names the store. `rail` is another one than the house's.
        """
        port = port or free_port()
        home = f"http://127.0.0.1:{port}"
        request = StoreRequest(
            platform="vtex",
            address=address or f"https://{account}.myvtex.com",
            account_id=RAIL if rail is None else await self._rail(account, rail),
            settings={
                "account": account,
                "api_address": home,
                "payments_address": home,
                "test_suite": suite,
                **settings,
            },
            policy=policy or {},
        )
        name = _store_id(request.address)
        base = f"{self.address}/provider/vtex" + (f"/{name}" if suite else "")
        given = {"provider_key": name, "provider_token": TOKEN, "payment_method": _METHOD}
        running = vtex_running(
            base, port=port, account=account, suite_callback_seconds=15.0, **given
        )
        vtex = self.stack.enter_context(running)
        if moods:
            vtex.moods(**moods)
        await self._connect(request)
        return Shop(self.ports, vtex, name, rail or self.rail)

    async def _connect(self, request: StoreRequest) -> None:
        """The fake stands on this machine, which only this call may know."""
        async with self.connecting:
            http.allow_private_stores(allowed=True)
            _, checks = await add_store(self.ports, request, SECRETS, self.address)
            http.allow_private_stores(allowed=False)
        assert [check for check in checks if not check.passed] == []

    async def _rail(self, name: str, rail: SandboxProcess) -> str:
        """A merchant account at another sandbox than the house's."""
        await add_account(self.ports, sandbox_account(rail.url, id=name))
        rail.post("callback-url", url=f"{self.address}/webhooks/pagoefectivo/{name}")
        return name

    def stumbles(self) -> list[str]:
        """Lines of the service's log that tell of a mistake of ours."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if any(word in line for word in _STUMBLES)]


def _store_id(address: str) -> str:
    bare = address.partition("://")[2]
    return "".join(c if c.isalnum() else "-" for c in bare)


@asynccontextmanager
async def house(dsn: str, folder: Path) -> AsyncIterator[House]:
    """The service and the sandbox in processes of their own, connected and idle."""
    settings = Settings(
        database_url=SecretStr(dsn),
        secret_key=SecretStr(Fernet.generate_key().decode()),
        data_dir=folder,
        port=free_port(),
        public_url="",
        allow_private_stores=False,
    )
    rail = SandboxProcess(folder / "sandbox.sqlite3")
    service = _service(settings, folder)
    with ExitStack() as stack:
        running = stack.enter_context(started(service, sandbox_program(rail)))
        async with Runtime.open(settings) as runtime:
            wait_for(running)
            await add_account(runtime.ports, sandbox_account(rail.url, id=RAIL))
            rail.post("callback-url", url=f"{settings.address}/webhooks/pagoefectivo/{RAIL}")
            yield House(runtime, rail, service.log, stack)


def sandbox_program(rail: SandboxProcess) -> Program:
    """The sandbox as a program; `rail` is the hand on it."""
    given = {"port": rail.port, "database": str(rail.database), "callback_retry_after": 0.2}
    return Program(
        module="pef_adapters.pagoefectivo.sandbox",
        arguments=(json.dumps(given),),
        log=rail.database.with_suffix(".log"),
        ready=f"{rail.url}/",
    )


def _service(settings: Settings, folder: Path) -> Program:
    assert settings.database_url is not None
    assert settings.secret_key is not None
    environment = {
        "PEF_DATABASE_URL": settings.database_url.get_secret_value(),
        "PEF_SECRET_KEY": settings.secret_key.get_secret_value(),
        "PEF_DATA_DIR": str(folder),
        "PEF_PORT": str(settings.port),
        "PEF_ALLOW_PRIVATE_STORES": "1",
    }
    return Program(
        module="pef_adapters",
        arguments=("serve",),
        log=folder / "service.log",
        ready=f"{settings.address}/health/ready",
        environment=environment,
    )
