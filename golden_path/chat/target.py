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

    @property
    def http(self) -> HttpClient:
        """A client that is nobody."""
        return HttpClient(self.url)

    def censuses(self) -> list[dict[str, Any]]:
        """What is alive in each of its processes, counted by itself."""
        first: dict[str, Any] = self._debug("GET", "/debug/census").json()
        return [first, *first.pop("others", [])]

    def census_of(self, worker: str) -> dict[str, Any]:
        """What is alive in one process."""
        return next(each for each in self.censuses() if each["worker"] == worker)

    def connections_of(self, user_id: str) -> int:
        """How many sockets the service believes a user to have."""
        return sum(each["users"].get(user_id, 0) for each in self.censuses())

    def switch(self, faults: Mapping[str, Any]) -> None:
        """Switches faults on, in every process."""
        answer = self._debug("PUT", "/debug/faults", dict(faults))
        if answer.status != 200:
            raise RuntimeError(f"the service knows not these faults: {json.dumps(dict(faults))}: {answer.text}")

    def heal(self) -> None:
        """Switches all faults off."""
        self._debug("DELETE", "/debug/faults")

    def model(self, worker: str) -> "ModelEndpoint":
        """The embedded model of one process."""
        url = str(self.census_of(worker)["agents"]["model_url"]).removesuffix("/v1")
        return ModelEndpoint(HttpClient(url, headers={_SECRET_HEADER: self.test_secret}))

    def _debug(self, method: str, path: str, body: Any = None) -> Response:
        return HttpClient(self.url, headers={_SECRET_HEADER: self.test_secret}).request(method, path, json=body)


@dataclass(frozen=True, slots=True)
class ModelEndpoint:
    """The control of an embedded model: how it misbehaves, and how often it was called."""

    http: HttpClient

    def order(self, **orders: Any) -> None:
        """``error_rate``, ``slow``, ``hang``, for everybody; calls are counted from here."""
        answer = self.http.request("PUT", "/control", json=orders)
        if answer.status != 200:
            raise RuntimeError(f"the model takes no such order: {answer.text}")
        self.http.request("DELETE", "/census")

    def heal(self) -> None:
        """No misbehaviour."""
        self.http.request("DELETE", "/control")

    def count(self) -> dict[str, Any]:
        """``calls``, ``active``, ``peak``, ..."""
        counted: dict[str, Any] = self.http.get("/census").json()
        return counted
