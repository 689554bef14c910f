"""Answers that are given again when a request comes again with the same token."""

from dataclasses import dataclass

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from openrekog.collections_store.errors import Busy, Mismatch
from openrekog.collections_store.records import Scope
from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import requests

KEPT_FOR = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Requests:
    session: Session

    def replay(self, scope: Scope, operation: str, token: str, fingerprint: str) -> str | None:
        """What was answered to this token, or None if it is new or older than a week."""
        row = self.session.connection.execute(
            select(requests.c.fingerprint, requests.c.response).where(
                _this(scope, operation, token),
                requests.c.created_at > self.session.now - KEPT_FOR,
            )
        ).one_or_none()
        if row is None:
            return None
        if row.fingerprint != fingerprint:
            raise Mismatch(token)
        return str(row.response)

    def remember(
        self, scope: Scope, operation: str, token: str, fingerprint: str, response: str
    ) -> None:
        """Belongs in the transaction that does the work, or a crash could tear them apart."""
        self.session.connection.execute(delete(requests).where(_this(scope, operation, token)))
        try:
            self.session.connection.execute(
                insert(requests).values(
                    account_id=scope.account_id,
                    region=scope.region,
                    operation=operation,
                    token=token,
                    fingerprint=fingerprint,
                    response=response,
                    created_at=self.session.now,
                )
            )
        except IntegrityError as error:
            # On PostgreSQL the same request can run twice at once; one of them is asked to retry,
            # and then gets the other's answer.
            raise Busy("the same request is being worked on") from error

    def forget_old(self) -> None:
        self.session.connection.execute(
            delete(requests).where(requests.c.created_at <= self.session.now - KEPT_FOR)
        )


def _this(scope: Scope, operation: str, token: str) -> ColumnElement[bool]:
    return and_(
        requests.c.account_id == scope.account_id,
        requests.c.region == scope.region,
        requests.c.operation == operation,
        requests.c.token == token,
    )
