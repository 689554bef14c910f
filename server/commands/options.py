"""Options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[Path | None, typer.Option(help="Folder of the server's data.")]
ModelsDir = Annotated[Path | None, typer.Option(help="Folder for model files.")]
ServersPacks = Annotated[
    list[str] | None, typer.Option(help="Pack to use: the same as those of the server.")
]
