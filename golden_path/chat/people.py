"""Where the users of a run come from: they register, or whoever runs the service has given accounts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from golden_path.chat.user import ChatUser, new_user

CREDENTIALS = "CANONRY_CREDENTIALS"
"""Holds ``ADDRESS:PASSWORD``, several with spaces between, where the profile has accounts; set by the runner."""


def accounts(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """The accounts that the profile has. Raises `ValueError` where they cannot be read; no value is told."""
    found = []
    for number, pair in enumerate(variables.get(CREDENTIALS, "").split(), 1):
        address, colon, password = pair.partition(":")
        if not (address and colon and password):
            raise ValueError(f"account {number} of the credentials is no `ADDRESS:PASSWORD`")
        found.append((address, password))
    return found


@dataclass(slots=True)
class People:
    """The users of one test, who are all different."""

    url: str
    _met: list[ChatUser] = field(default_factory=list)

    def __call__(self, count: int = 1) -> list[ChatUser]:
        """So many more users who are logged in: accounts of the profile where it has any, else new ones.

        Raises `LookupError` where the test needs more users than there are accounts.
        """
        given = accounts(os.environ)
        taken = len(self._met)
        if given and len(given) < taken + count:
            raise LookupError(
                f"the test needs {taken + count} users, and the credentials hold {len(given)}; add accounts to them"
            )
        if given:
            found = [
                ChatUser(url=self.url, email=address, password=password)
                for address, password in given[taken : taken + count]
            ]
        else:
            found = [new_user(self.url) for _ in range(count)]
            for user in found:
                user.register()
        for user in found:
            user.log_in()
        self._met += found
        return found
