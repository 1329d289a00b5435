"""Where a permission holds: in the whole house, in one agency's stores, or in one store."""

Place = str
"""`HOUSE`, "agency/NAME" or "store/ID"."""

HOUSE: Place = "house"
_AGENCY, _STORE = "agency/", "store/"


def agency_place(agency: str) -> Place:
    """The place of an agency and all its stores."""
    return _AGENCY + agency


def store_place(store_id: str) -> Place:
    """The place of one store."""
    return _STORE + store_id


def agency_of(place: Place) -> str | None:
    """The agency that the place is; None for a store or the house."""
    return place.removeprefix(_AGENCY) if place.startswith(_AGENCY) else None


def store_of(place: Place) -> str | None:
    """The store that the place is; None for an agency or the house."""
    return place.removeprefix(_STORE) if place.startswith(_STORE) else None


def covers(place: Place, store_id: str, agency: str | None) -> bool:
    """Whether what holds at `place` holds in this store of this agency."""
    if place == HOUSE or store_of(place) == store_id:
        return True
    return bool(agency) and agency_of(place) == agency
