"""Real things that the tests make doubles of."""

import abc
import contextlib
import dataclasses
import enum
import functools
import typing
from collections.abc import AsyncIterator, Iterator


class Session:
    """What a call of another class answers with."""

    user: str = "nobody"

    def close(self, *, hard: bool = False) -> None:
        raise RuntimeError("the real thing runs")


class Socket:
    LIMIT = 3
    peer: str

    class Frame:
        def size(self) -> int:
            return 1

    def __init__(self, url: str, timeout: float = 1.0) -> None:
        self.url = url
        self.timeout = timeout
        self.sent: list[str] = []
        self.first, (self.second, *_) = url, [url]
        for self.last in ():
            pass

    def _connect(self) -> None:
        with contextlib.suppress(OSError) as self.state:
            pass

    async def send(self, data: dict[str, int], *, mode: str = "text") -> int:
        raise RuntimeError("the real thing runs")

    async def receive(self) -> dict[str, int] | None: ...

    def session(self, name: str = "") -> Session:
        return Session()

    def raw(self, data, /, *more, **rest):
        raise RuntimeError("the real thing runs")

    def again(self) -> typing.Self:
        return self

    def frames(self) -> Iterator[int]:
        yield 1

    async def stream(self) -> AsyncIterator[int]:
        yield 1

    @contextlib.contextmanager
    def locked(self) -> Iterator[int]:
        yield 1

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[int]:
        yield 1

    @property
    def is_open(self) -> bool:
        raise RuntimeError("the real property runs")

    @functools.cached_property
    def key(self) -> bytes:
        raise RuntimeError("the real property runs")

    @classmethod
    def dial(cls, host: str) -> "Socket": ...

    @staticmethod
    def parse(text: str) -> list[int]:
        return []

    @functools.cache  # noqa: B019
    def cached(self, number: int) -> int:
        return number

    send_later = functools.partialmethod(session, name="later")

    async def __aenter__(self) -> typing.Self:
        return self

    async def __aexit__(self, *error: object) -> None: ...

    def __len__(self) -> int:
        return 1


class Slotted:
    __slots__ = ("cache", "owner")

    def read(self, name: str) -> str:
        return name


@dataclasses.dataclass
class Order:
    number: int
    lines: list[str] = dataclasses.field(default_factory=list)

    def total(self) -> float:
        return 0.0


class Gateway(abc.ABC):
    @abc.abstractmethod
    def pay(self, amount: int) -> bool: ...


@typing.runtime_checkable
class Sender(typing.Protocol):
    name: str

    async def send(self, data: str) -> None: ...


class Box(typing.Generic[typing.TypeVar("T")]):
    def get(self, key: str): ...


class Open:
    """Answers to names that nothing declares."""

    def known(self) -> int:
        return 1

    def __getattr__(self, name: str) -> int:
        return len(name)


class Refusing(type):
    def __getattribute__(cls, name):
        if name[:2] != "__":
            raise RuntimeError(f"the metaclass is asked for {name}")
        return super().__getattribute__(name)

    def __dir__(cls):
        raise RuntimeError("the metaclass is asked for its names")


class Guarded(metaclass=Refusing):
    def work(self, hours: int) -> str:
        return ""


class Worker:
    def __call__(self, job: str, *, priority: int = 0) -> str:
        return job


class AsyncWorker:
    async def __call__(self, job: str) -> str:
        return job


class Descriptor:
    def __get__(self, instance, owner):
        raise RuntimeError("the descriptor runs")


class Described:
    field = Descriptor()


class Colour(enum.Enum):
    RED = 1


@typing.overload
def price(of: int) -> int: ...
@typing.overload
def price(of: str, currency: str = ...) -> str: ...
def price(of, currency="EUR"):
    raise RuntimeError("the real thing runs")


async def fetch(url: str, *, retries: int = 3) -> bytes:
    return url.encode()


def pay(amount: int, currency: str = "EUR") -> bool:
    return amount > 0


pay_euros = functools.partial(pay, currency="EUR")
LIMIT = 10
session = Session()
worker = Worker()


def __getattr__(name: str):
    if name == "lazy":
        return pay
    raise AttributeError(name)
