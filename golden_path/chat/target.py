"""The service that is tested: where it answers, and what of it can be looked into."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from canonry.testing.http import HttpClient, Response

_SECRET_HEADER = "X-Chat-Test-Secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running service. ``test_secret`` and ``key`` are empty where it is somebody else's."""

    url: str
    test_secret: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    """What its tokens are signed with, so that forged ones can be made."""
    log: str = ""

    def http(self) -> HttpClient:
        """A client that is nobody."""
        return HttpClient(self.url)

    def census(self) -> dict[str, Any]:
        """What is alive in it, counted by itself."""
        found: dict[str, Any] = self._debug("GET", "/debug/census").json()
        return found

    def switch(self, faults: Mapping[str, Any]) -> None:
        """Switches faults on."""
        answer = self._debug("PUT", "/debug/faults", faults)
        if answer.status != 200:
            raise RuntimeError(f"the service knows not these faults: {json.dumps(dict(faults))}: {answer.text}")

    def heal(self) -> None:
        """Switches all faults off."""
        self._debug("DELETE", "/debug/faults")

    def _debug(self, method: str, path: str, body: Any = None) -> Response:
        return HttpClient(self.url, headers={_SECRET_HEADER: self.test_secret}).request(method, path, json=body)
