"""The service's own settings, from the environment: every name begins with PEF_.

What belongs to one store or one merchant account is not here but in the ledger.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pef_adapters.core.errors import SettingInvalid


class Settings(BaseSettings):
    """How this process runs. Each field is documented in docs/reference/settings.md."""

    model_config = SettingsConfigDict(env_prefix="PEF_", hide_input_in_errors=True)

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL 14 or newer; without it a private one runs in the data folder.",
    )
    data_dir: Path = Field(
        default=Path(".pef"),
        description="Folder of the private database and the secret key file.",
    )
    migrate: bool = Field(
        default=True,
        description="0 leaves the database's schema alone: only `pef migrate` brings it forward, "
        "and a process that needs a newer one refuses to start.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key that seals stored secrets; several, separated by commas, to rotate: the "
        "first seals, and older ones stay in the list, because kept bank details are not sealed "
        "again. Without it a key file readable by you alone is made in the data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address the web server listens on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, description="Port the web server listens on."
    )
    public_url: str = Field(
        default="",
        description="Where stores and PagoEfectivo reach this service, such as "
        "https://refunds.example.pe; defaults to the listening address.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.0/8, ::1",
        description="Addresses or networks of the proxies before this service, by commas; only "
        "they are believed about who asks, which limits tries to sign in.",
    )
    payments_host: str = Field(
        default="127.0.0.1",
        description="Address on which gateways that prove themselves by certificate are served; "
        "the connection must arrive unopened, so a proxy may only pass it on as it is.",
    )
    payments_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=8443, description="Port on which they are served."
    )
    payments_cert: Path | None = Field(
        default=None,
        description="PEM file of our publicly trusted certificate with its chain; without it no "
        "gateway is served by certificate. A changed file is read again without a restart.",
    )
    payments_key: Path | None = Field(
        default=None, description="PEM file of that certificate's key, without a password."
    )
    payments_client_ca: Path | None = Field(
        default=None,
        description="PEM file of the certificates we trust gateways by, such as Shopify's chain; "
        "put the new ones beside the old ones before a change.",
    )
    allow_private_stores: bool = Field(
        default=False,
        description="1 lets stores stand in private networks, for trying out on one machine.",
    )
    replay_window_seconds: Annotated[int, Field(ge=0)] = Field(
        default=24 * 60 * 60,
        description="How long the rail recognises an id, so that the same one may be sent again.",
    )
    worker_concurrency: Annotated[int, Field(ge=1, le=256)] = Field(
        default=8, description="Jobs that one worker runs at the same time."
    )
    worker_heartbeat_seconds: Annotated[int, Field(ge=1)] = Field(
        default=10, description="How often a worker says that it is alive."
    )
    worker_dead_after_seconds: Annotated[int, Field(ge=2)] = Field(
        default=30, description="Silence after which a worker's jobs go to another one."
    )
    graphql_introspection: bool = Field(
        default=False,
        description="1 lets programs ask the GraphQL API for its schema; leave it off in live.",
    )
    graphql_max_cost: Annotated[int, Field(ge=1)] = Field(
        default=5000,
        description="What one GraphQL call may cost: a point for each object that could come.",
    )
    log_json: bool = Field(default=False, description="1 writes one JSON object a log line.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")

    @property
    def address(self) -> str:
        """Where the outside reaches this service."""
        return self.public_url or f"http://{self.host}:{self.port}"


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingInvalid: a PEF_ variable can't be used; the message never shows its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"PEF_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        )
        raise SettingInvalid(faults) from None
