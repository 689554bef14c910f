"""Whose resources a command works on: an account in a region, as boto3 and the keys have them."""

import os
import re
from typing import TYPE_CHECKING, Annotated

import typer

from openrekog.server.access.keys import KeysFile, KeysFileError
from openrekog.server.commands.messages import fail
from openrekog.server.settings import Settings

if TYPE_CHECKING:
    from openrekog.collections_store.records import Scope

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
DEFAULT_REGION = "us-east-1"

ACCOUNT = re.compile(r"\d{12}", re.ASCII)


def read_account(account: str) -> str:
    """As it was typed; anything else would be an account that no request can ever be of."""
    if not ACCOUNT.fullmatch(account):
        raise typer.BadParameter(f"an account id has 12 digits, and {account!r} has not")
    return account


Account = Annotated[
    str | None,
    typer.Option(
        parser=read_account,
        metavar="ID",
        help="Whose project it is; without it the account of the server's keys, or without keys "
        "that of OPENREKOG_DEFAULT_ACCOUNT.",
    ),
]
Region = Annotated[
    str | None,
    typer.Option(help="Where the project is; without it AWS_REGION, or us-east-1."),
]


def scope_of(settings: Settings, account: str | None, region: str | None) -> "Scope":
    # Loading NumPy takes a tenth of a second that the other commands need not wait for.
    from openrekog.collections_store.records import Scope

    named = (os.environ.get(name) for name in REGION_VARIABLES)
    return Scope(account or _account(settings), region or next(filter(None, named), DEFAULT_REGION))


def _account(settings: Settings) -> str:
    try:
        accounts = sorted({key.account_id for key in KeysFile(settings.keys_path).read()})
    except KeysFileError as error:
        fail(str(error))
    if len(accounts) > 1:
        fail(f"The keys are of the accounts {', '.join(accounts)}: name one by --account.")
    return accounts[0] if accounts else settings.default_account
