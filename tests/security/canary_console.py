"""The canaries in the console and the API: who signs in, what a program is given, what is shown.

What is told once and on purpose is left out of the heap: the command that prints a link or a
token, and the answer that sets the session's cookie. Everywhere else it would be a leak.
"""

import io
import json
import zipfile
from typing import Final

import httpx
from canary_road import Road, column

EMAIL: Final = "canaria@tienda.example"
PASSWORD: Final = "canaryPassw0rd of the console 27"
WRONG: Final = "canaryWr0ng of the console 28"
_ROOMS: Final = (
    *("", "/refunds", "/refunds/export.csv", "/by-hand", "/approvals", "/payouts", "/policies"),
    *("/stores", "/agencies", "/accounts/main", "/people", f"/people/{EMAIL}", "/audit"),
    *("/account", "/nowhere"),
)
_ALL: Final = "{ refunds(first: 50) { edges { node { id } } } stores { edges { node { id } } } }"


def look_around(road: Road) -> dict[str, str]:
    """Sign in and look at everything; answers the secrets that nobody may find again."""
    link = road.secretly("user", "link").split()[0]
    with httpx.Client(base_url=road.service, trust_env=False, timeout=30) as browser:
        session = _sign_in(browser, link)
        _look(road, browser)
        _hear(road, browser)
    token = _call(road)
    return {
        "sign-in link": link.rpartition("/")[2],
        "password": PASSWORD,
        "wrong password": WRONG,
        "session": session,
        "machine token": token,
    }


def _sign_in(browser: httpx.Client, link: str) -> str:
    """By the first link; a wrong password before that, and one in the wrong field."""
    chosen = {"password": PASSWORD, "password_again": PASSWORD, "language": "en"}
    told = {"email": EMAIL, "name": "Canaria", **chosen}
    assert browser.get(link).status_code == 200
    assert browser.post(link, data={**told, "password_again": WRONG}).status_code == 422
    assert browser.post(link, data=told).status_code == 303
    for email, password in ((EMAIL, WRONG), (WRONG, PASSWORD)):
        # The form that comes back keeps what stood in the field for the address.
        refused = browser.post("/console/sign-in", data={"email": email, "password": password})
        assert refused.status_code == 401
    answer = browser.post("/console/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 303
    return browser.cookies["pef"]


def _look(road: Road, browser: httpx.Client) -> None:
    """Every room, every refund with its bundle, every store; and a form that is none of ours."""
    refunds = column(road, "SELECT id FROM refunds")
    stores = column(road, "SELECT id FROM stores")
    ones = (f"/refunds/{each}" for each in refunds)
    for path in (*_ROOMS, *ones, *(f"/stores/{each}" for each in stores)):
        road.keep(browser.get(f"/console{path}"))
    for each in refunds[:3]:
        _keep_unpacked(road, browser.get(f"/console/refunds/{each}/bundle.zip"))
    forged = {"old": PASSWORD, "new": WRONG, "new_again": WRONG, "csrf": "forged"}
    road.keep(browser.post("/console/account/password", data=forged))


def _keep_unpacked(road: Road, answer: httpx.Response) -> None:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.namelist()
        for name in bundle.namelist():
            road.answers[f"{answer.url} {name}"] = bundle.read(name).decode()


def _hear(road: Road, browser: httpx.Client) -> None:
    """The stream of events, until it tells of a change."""
    heard: list[str] = []
    with browser.stream("GET", "/console/live") as stream:
        lines = stream.iter_lines()
        heard.append(next(lines))
        road.press(74000009)
        while not heard[-1].startswith("data: "):
            heard.append(next(lines))
    road.answers["the console's stream"] = "\n".join(heard)


def _call(road: Road) -> str:
    """The API with a token, without it, and with calls that quote it in their faults."""
    made = road.secretly(
        *("token", "make", "erp", "--may", "refunds:see", "--may", "stores:see"),
        *("--place", "house", "--days", "9", "--json"),
    )
    token: str = json.loads(made)["token"]
    wrong = f"{token[:-4]}AAAA"
    for bearer, query in ((token, _ALL), (token, "{"), (token, "{ no }"), (wrong, _ALL)):
        headers = {"Authorization": f"Bearer {bearer}"}
        call = {"query": query, "variables": {"x": bearer}}
        answer = httpx.post(f"{road.service}/graphql", json=call, headers=headers, trust_env=False)
        road.keep(answer)
    quoting = {"query": "query($x: Int!) { refunds(first: $x) { edges { cursor } } }"}
    # Its fault repeats to the sender what the sender sent; the log must not.
    httpx.post(
        f"{road.service}/graphql",
        json={**quoting, "variables": {"x": token}},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    return token
