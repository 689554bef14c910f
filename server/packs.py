"""Which packs a server runs: those its settings name, and defaults for what they leave open."""

from openrekog.models.pack import Pack, check_licences, default_packs, find
from openrekog.server.settings import Settings


def chosen_packs(settings: Settings) -> tuple[Pack, ...]:
    """Named packs first. A default pack joins in unless opt-in ones do all that it can."""
    named = find(settings.packs)
    check_licences(named, settings.accept_licences)
    covered = {what for pack in named if not pack.default for what in pack.capabilities}
    rest = (pack for pack in default_packs() if pack not in named)
    return (*named, *(pack for pack in rest if not covered.issuperset(pack.capabilities)))
