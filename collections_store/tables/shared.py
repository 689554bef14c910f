"""What all tables share."""

from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite only counts an INTEGER primary key up by itself.
Key = BigInteger().with_variant(Integer, "sqlite")


def partial_index(
    name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """An index of the rows alone for which a condition holds."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
