"""People who can sign in; their passwords' hashes and their codes' secrets lie sealed."""

from psycopg.types.json import Jsonb

from pef_adapters.core.access import Grant, Role
from pef_adapters.core.errors import NotThere
from pef_adapters.engine.records import User
from pef_adapters.storage.postgres.table import Row, Table, columns
from pef_adapters.storage.storable import storable

_COLUMNS = """
    id, email, name, language, private, totp_step, passkeys, grants, created_by, created_at,
    disabled_at
"""
_INSERT = f"""
    INSERT INTO users ({_COLUMNS})
    VALUES (%(id)s, %(email)s, %(name)s, %(language)s, %(private)s, %(totp_step)s, %(passkeys)s,
            %(grants)s, %(created_by)s, %(created_at)s, %(disabled_at)s)
    ON CONFLICT DO NOTHING
"""
_UPDATE = """
    UPDATE users SET
        name = %(name)s, language = %(language)s, private = %(private)s,
        totp_step = %(totp_step)s, passkeys = %(passkeys)s, grants = %(grants)s,
        disabled_at = %(disabled_at)s
    WHERE id = %(id)s
"""
_ONE = f"SELECT {_COLUMNS} FROM users WHERE id = %(id)s"
_LOCK = f"{_ONE} FOR NO KEY UPDATE"
_BY_EMAIL = f"SELECT {_COLUMNS} FROM users WHERE email = %(email)s"
_ALL = f'SELECT {_COLUMNS} FROM users ORDER BY email COLLATE "C"'
_PRIVATE = ("password", "totp")


class Users(Table):
    """The table `users`."""

    async def add_user(self, user: User) -> bool:
        return await self._run(_INSERT, **self._values_of_user(user)) == 1

    async def user(self, user_id: str) -> User | None:
        return self._maybe_user(await self._one(_ONE, id=user_id))

    async def lock_user(self, user_id: str) -> User | None:
        return self._maybe_user(await self._one(_LOCK, id=user_id))

    async def user_by_email(self, email: str) -> User | None:
        return self._maybe_user(await self._one(_BY_EMAIL, email=email))

    async def users(self) -> list[User]:
        return [self._user(row) for row in await self._all(_ALL)]

    async def save_user(self, user: User) -> None:
        if not await self._run(_UPDATE, **self._values_of_user(user)):
            raise NotThere(f"there is no user {user.id}")

    def _values_of_user(self, user: User) -> dict[str, object]:
        kept = storable(user)
        private = {name: getattr(kept, name) for name in _PRIVATE if getattr(kept, name)}
        grants = [{"role": grant.role, "place": grant.place} for grant in kept.grants]
        values = columns(kept) | {"private": self._sealed(private), "grants": Jsonb(grants)}
        return {name: value for name, value in values.items() if name not in _PRIVATE}

    def _maybe_user(self, row: Row | None) -> User | None:
        return None if row is None else self._user(row)

    def _user(self, row: Row) -> User:
        private = self._open(row.pop("private"))
        grants = tuple(Grant(Role(each["role"]), each["place"]) for each in row["grants"])
        return User(**row | private | {"passkeys": tuple(row["passkeys"]), "grants": grants})
