"""The post between stores, rail and us: webhooks get lost, come twice, late, or from a forger."""

from typing import TYPE_CHECKING, Final

import httpx

from pef_adapters.pagoefectivo import exact_json, signature
from pef_adapters.testing.simulation.palette import Fault
from pef_adapters.testing.simulation.shops.contract import Parcel

if TYPE_CHECKING:
    from pef_adapters.testing.simulation.world import World

_RAIL_TRIES: Final = 3
_TAKEN: Final = range(200, 300)


class Post:
    """Webhooks on their way to us, from every sender."""

    def __init__(self, world: "World", service: str) -> None:
        self._world = world
        self._service = service
        self.bag: list[Parcel] = []
        self.taken: list[bytes] = []

    async def carry(self, most: int | None = None) -> None:
        """Deliver what waits, or the first few of it."""
        self._collect()
        if self._world.weather.strikes(Fault.HOOK_REORDERED):
            self._world.dice.shuffle(self.bag)
        count = len(self.bag) if most is None else most
        now, self.bag = self.bag[:count], self.bag[count:]
        for parcel in now:
            await self._hand_over(parcel)

    async def carry_news_of(self, key: str) -> None:
        """The rail tells of a booking before it answers the request for it."""
        self._collect()
        early = [parcel for parcel in self.bag if key.encode() in parcel.body]
        self.bag = [parcel for parcel in self.bag if parcel not in early]
        for parcel in early:
            await self._post(parcel)

    def _collect(self) -> None:
        world = self._world
        for shop in world.shops:
            self.bag += shop.parcels()
        news, world.rail.news = world.rail.news, []
        self.bag += [self._notification(account, told) for account, told in news]

    def _notification(self, account: str, told: dict[str, object]) -> Parcel:
        body = exact_json.write(told)
        secret = self._world.rail_wire.secret_of(account)
        headers = {"PE-Signature": signature.sign(body, secret)}
        url = f"{self._service}/webhooks/pagoefectivo/{account}"
        return Parcel(url, {"Content-Type": "application/json", **headers}, body, _RAIL_TRIES)

    async def _hand_over(self, parcel: Parcel) -> None:
        weather = self._world.weather
        if weather.strikes(Fault.HOOK_LOST):
            return
        if weather.strikes(Fault.HOOK_FORGED):
            await self._forge(parcel)
        taken = await self._post(parcel)
        if weather.strikes(Fault.HOOK_DUPLICATED):
            await self._post(parcel)
        if not taken and parcel.tries:
            parcel.tries -= 1
            self.bag.append(parcel)

    async def _forge(self, parcel: Parcel) -> None:
        """The same delivery about something else, under the signature of this one."""
        forged = Parcel(parcel.url, parcel.headers, parcel.body + b" ")
        forged.body = parcel.body.replace(b"1", b"2") or b"{}"
        if forged.body != parcel.body and await self._post(forged):
            self._world.facts.wrongs.append(f"a forged delivery to {parcel.url} was taken")

    async def _post(self, parcel: Parcel) -> bool:
        request = httpx.Request("POST", parcel.url, headers=parcel.headers, content=parcel.body)
        try:
            response = await self._world.network.visit(request)
        except httpx.TransportError:
            return False
        self._world.story.tell(f"webhook {httpx.URL(parcel.url).path}: {response.status_code}")
        if response.status_code in _TAKEN:
            self.taken.append(parcel.body)
            unheard = self._world.facts.unheard
            unheard -= {key for key in unheard if key.encode() in parcel.body}
        return response.status_code in _TAKEN
