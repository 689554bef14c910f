"""What every loader opens model files with: packs, where they lie, what runs them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from openrekog.models.pack import Capability, Pack, PackFile, choose
from openrekog.models.session import Session


class PackPaths(Protocol):
    def path(self, pack: Pack, file_name: str) -> Path:
        """Where a file of a pack lies, fetched and verified."""


class Opener(Protocol):
    def load(self, path: Path, name: str | None = None) -> Session: ...

    def load_graph(self, graph: bytes, name: str) -> Session: ...


@dataclass(frozen=True, slots=True)
class Opening:
    """`packs` are all that run, in the order in which they are asked: those that the user named
    come first."""

    store: PackPaths
    runtime: Opener
    packs: tuple[Pack, ...]
    named: frozenset[str] = frozenset()

    @classmethod
    def of(cls, store: PackPaths, runtime: Opener, named: Iterable[str] = ()) -> Self:
        """The packs named, and defaults for what they leave open."""
        named = tuple(named)
        return cls(store, runtime, choose(named), frozenset(named))

    def pack(self, name: str) -> Pack:
        """A pack that is chosen, by name."""
        return next(pack for pack in self.packs if pack.name == name)

    def packs_for(self, capability: Capability) -> tuple[Pack, ...]:
        return tuple(pack for pack in self.packs if capability in pack.capabilities)

    def pack_for(self, capability: Capability) -> Pack:
        """The one to ask where one is enough: a named pack before a default one."""
        return self.packs_for(capability)[0]

    def path(self, pack: Pack, file: PackFile) -> Path:
        return self.store.path(pack, file.name)

    def open(self, pack_name: str, file_name: str) -> Session:
        """A file of a chosen pack, both by name."""
        path = self.store.path(self.pack(pack_name), file_name)
        return self.runtime.load(path, f"{pack_name}/{Path(file_name).stem}")
