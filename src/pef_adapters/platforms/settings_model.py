"""What an adapter lets its stores be told: names, defaults and mistakes of settings.

An adapter that knows its settings by a model says so by `settings_model`; of any other
nothing can be said before its store is asked. A value never stands in a message, because
somebody may have typed a secret there.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeGuard, runtime_checkable

from pydantic import BaseModel, ValidationError


@runtime_checkable
class KnowsItsSettings(Protocol):
    """An adapter whose stores' settings fit a model."""

    @property
    def settings_model(self) -> type[BaseModel]: ...


def setting_names(platform: object) -> tuple[str, ...]:
    """Every name that a store of this platform can be told; empty where that is not known."""
    return tuple(platform.settings_model.model_fields) if _knows(platform) else ()


def setting_defaults(platform: object) -> Mapping[str, Any]:
    """What holds for a setting that nobody gave, as plain data."""
    if not _knows(platform):
        return {}
    fields = platform.settings_model.model_fields.items()
    return {
        name: _plain(f.get_default(call_default_factory=True))
        for name, f in fields
        if not f.is_required()
    }


def setting_schema(platform: object) -> Mapping[str, Mapping[str, Any]]:
    """Each setting's JSON schema, such as {"type": "boolean"}; empty where it is not known."""
    if not _knows(platform):
        return {}
    found: Mapping[str, Mapping[str, Any]] = platform.settings_model.model_json_schema()[
        "properties"
    ]
    return found


def setting_faults(
    platform: object, settings: Mapping[str, Any], *, partly: bool = False
) -> tuple[str, ...]:
    """What of these settings can't be used, as "name: why"; `partly` lets names be missing."""
    if not _knows(platform):
        return ()
    try:
        platform.settings_model.model_validate(dict(settings))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        if partly and any(mistake["type"] == "missing" for mistake in found):
            found = [mistake for mistake in found if mistake["type"] != "missing"]
        return tuple(
            f"{'.'.join(map(str, mistake['loc'])) or 'all'}: {_why(mistake)}" for mistake in found
        )
    return ()


def _knows(platform: object) -> TypeGuard[KnowsItsSettings]:
    return isinstance(platform, KnowsItsSettings)


def _why(mistake: Any) -> str:
    if mistake["type"] == "extra_forbidden":
        return "there is no such setting"
    said: str = mistake["msg"]
    return said.removeprefix("Value error, ")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
