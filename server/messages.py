"""What the commands share: settings with readable faults, and a word before giving up."""

from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from openrekog.server.settings import Settings


def fail(message: str) -> NoReturn:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def read_settings(**given: Any) -> Settings:
    """The settings of the environment, with the options that were given laid over them."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fail("\n".join(["These settings cannot be used:", *faults_of(error)]))
    except SettingsError as error:
        fail(f"{error}: lists and objects are written as JSON, such as '[\"centerface\"]'.")


def faults_of(error: ValidationError) -> list[str]:
    """One line a fault, without the values: secrets may be among them."""
    rows = error.errors(include_input=False, include_url=False)
    return [f"  {'.'.join(map(str, row['loc'])) or 'document'}: {row['msg']}" for row in rows]
