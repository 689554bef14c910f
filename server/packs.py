"""Which packs a server runs, as its settings say."""

from openrekog.models.pack import Pack, check_licences, choose
from openrekog.server.settings import Settings


def chosen_packs(settings: Settings) -> tuple[Pack, ...]:
    """Raises LicenceNotAcceptedError, or UnknownPackError."""
    chosen = choose(settings.packs)
    check_licences(chosen, settings.accept_licences)
    return chosen
