"""What the commands share: settings with readable faults, and a word before giving up."""

import os
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from openrekog.server.settings import Settings

PREFIX = str(Settings.model_config["env_prefix"])
JSON_EXAMPLES = """a list as '["centerface"]' and an object as '{"DetectFaces": 25}'"""


def fail(message: str) -> NoReturn:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def read_settings(**given: Any) -> Settings:
    """The settings of the environment, with the options that were given laid over them."""
    for name in misspelt(os.environ):
        typer.secho(name, err=True, fg=typer.colors.YELLOW)
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fail("\n".join(["These settings cannot be used:", *faults_of(error)]))
    except SettingsError as error:
        fail(f"{no_json(error)} is no JSON: write {JSON_EXAMPLES}.")


def no_json(error: SettingsError) -> str:
    """The variable that pydantic-settings speaks of; it names the field, and a class of its own."""
    field = re.search(r'field "(\w+)"', str(error))
    return f"{PREFIX}{field[1]}".upper() if field else str(error)


def misspelt(environment: Iterable[str]) -> Iterator[str]:
    """A line for each variable that looks like a setting and is none."""
    known = [f"{PREFIX}{name}".upper() for name in Settings.model_fields]
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            yield f"The environment variable {name} is no setting{hint}"


def faults_of(error: ValidationError) -> list[str]:
    """One line a fault, without the values: secrets may be among them."""
    rows = error.errors(include_input=False, include_url=False)
    return [f"  {'.'.join(map(str, row['loc'])) or 'document'}: {row['msg']}" for row in rows]
