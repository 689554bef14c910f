"""Whose a resource is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Every resource belongs to one account in one region and does not exist in any other."""

    account_id: str
    region: str


GALLERY = Scope("celebrities", "")
"""Where the faces of celebrities are, in a collection for each model. No request comes from such an
account, since an account's id is twelve digits."""
