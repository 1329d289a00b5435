"""Keeps the worlds apart: sandbox keys, test hosts, live hosts.

A key alone does not say that it is live, so the rule is strict from both sides:
what is not known to be a test host counts as live, and what does not look like a
sandbox key is never shown to a sandbox.
"""

import ipaddress
import re
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from pef_adapters.core.errors import KeysMixed, SettingInvalid
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.addresses import is_public

SANDBOX_KEY_PREFIX = "SBX"
_RAIL_DOMAIN = "pagoefectivo.pe"
# "0x7f.1" and "127.1" are 127.0.0.1 to most resolvers, and a public name to a careless reader.
_NUMBER = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
_TEST_SUFFIXES = (".test", ".example", ".localhost", ".local", ".internal")


class HostKind(StrEnum):
    """What lives behind a host name."""

    LIVE = "live"
    PRE_PRODUCTION = "pre_production"
    SANDBOX = "sandbox"


def looks_like_sandbox_key(access_key: str) -> bool:
    """Whether a key was made up for our sandbox; PagoEfectivo issues none like it."""
    return access_key.startswith(SANDBOX_KEY_PREFIX)


def host_kind(base_url: str) -> HostKind:
    """Sort a host (fact sheet 1.1); every unknown public name counts as live.

    Raises:
        SettingInvalid: not a plain http(s) address.
    """
    host = (_split(base_url).hostname or "").rstrip(".")
    if host.endswith(f".{_RAIL_DOMAIN}"):
        is_test = host.split(".")[0].startswith("pre")
        return HostKind.PRE_PRODUCTION if is_test else HostKind.LIVE
    return HostKind.SANDBOX if _is_ours(host) else HostKind.LIVE


def keep_apart(mode: Mode, base_url: str, access_key: str) -> None:
    """Check that mode, host and key belong to one world.

    Raises:
        KeysMixed: they don't; no request may leave.
        SettingInvalid: the address can't be used, or would send a key unencrypted.
    """
    kind, is_sandbox_key = host_kind(base_url), looks_like_sandbox_key(access_key)
    if (kind is HostKind.LIVE) != (mode is Mode.LIVE):
        raise KeysMixed(f"a {mode} account can't use the {kind} host of its base URL")
    if (kind is HostKind.SANDBOX) != is_sandbox_key:
        looks = "looks" if is_sandbox_key else "does not look"
        raise KeysMixed(f"the access key {looks} like a sandbox key, but the host is {kind}")
    if kind is not HostKind.SANDBOX and _split(base_url).scheme != "https":
        raise SettingInvalid("the base URL must begin with https://")


def _split(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        plain = parts.port is None or parts.port > 0
    except ValueError:
        raise SettingInvalid("the base URL can't be read") from None
    extras = parts.username or parts.password or parts.query or parts.fragment
    if parts.scheme not in {"http", "https"} or not parts.hostname or extras or not plain:
        raise SettingInvalid("the base URL must be http(s)://host[:port], without a user or query")
    if _NUMBER.fullmatch(parts.hostname.rstrip(".")) and not _is_address(parts.hostname):
        raise SettingInvalid("write the base URL's address as four plain numbers, or use a name")
    return parts


def _is_ours(host: str) -> bool:
    if _is_address(host):
        return not is_public(host)
    return "." not in host or host.endswith(_TEST_SUFFIXES) or host.startswith("sandbox.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
