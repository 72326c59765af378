"""What users' tests import. Every name is loaded when it is first used, so that a test pays for what it uses."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from canonry.testing.async_cases import SSotAsyncTestCase as SSotAsyncTestCase
    from canonry.testing.cases import SSotBaseTestCase as SSotBaseTestCase
    from canonry.testing.contracts.attached import ContractViolationError as ContractViolationError
    from canonry.testing.contracts.attached import EventContract as EventContract
    from canonry.testing.distinct import assert_distinct as assert_distinct
    from canonry.testing.distinct import assert_distinct_async as assert_distinct_async
    from canonry.testing.doubles import SSotMockFactory as SSotMockFactory
    from canonry.testing.doubles import check_doubles as check_doubles
    from canonry.testing.doubles import stands_in_for as stands_in_for
    from canonry.testing.environment import EnvironmentSource as EnvironmentSource
    from canonry.testing.environment import IsolatedEnvironment as IsolatedEnvironment
    from canonry.testing.environment import ProtectedVariableError as ProtectedVariableError
    from canonry.testing.limits import TimeLimitError as TimeLimitError
    from canonry.testing.limits import limited as limited
    from canonry.testing.proof import proves as proves
    from canonry.testing.pytest_cases import SSotPytestCase as SSotPytestCase
    from canonry.testing.settle import CanonryLeakWarning as CanonryLeakWarning
    from canonry.testing.waiting import WaitTimeoutError as WaitTimeoutError
    from canonry.testing.waiting import wait_until as wait_until
    from canonry.testing.waiting import wait_until_async as wait_until_async
    from canonry.testing.websocket import RealWebSocketTestBase as RealWebSocketTestBase

_HOMES = {
    "CanonryLeakWarning": "settle",
    "ContractViolationError": "contracts.attached",
    "EnvironmentSource": "environment",
    "EventContract": "contracts.attached",
    "IsolatedEnvironment": "environment",
    "ProtectedVariableError": "environment",
    "RealWebSocketTestBase": "websocket",
    "SSotAsyncTestCase": "async_cases",
    "SSotBaseTestCase": "cases",
    "SSotMockFactory": "doubles",
    "SSotPytestCase": "pytest_cases",
    "TimeLimitError": "limits",
    "WaitTimeoutError": "waiting",
    "assert_distinct": "distinct",
    "assert_distinct_async": "distinct",
    "check_doubles": "doubles",
    "limited": "limits",
    "proves": "proof",
    "stands_in_for": "doubles",
    "wait_until": "waiting",
    "wait_until_async": "waiting",
}
"""Where each name lives, below this package."""


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
