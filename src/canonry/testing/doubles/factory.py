"""The one way to make a double."""

import types
from collections.abc import Callable
from typing import Any

from canonry.testing.doubles import registry
from canonry.testing.doubles.answers import Dynamic, Each, Returns, is_exception, is_function
from canonry.testing.doubles.drift import agree, stand_in_of
from canonry.testing.doubles.errors import DoubleError, DriftError
from canonry.testing.doubles.interface import interface_of_object
from canonry.testing.doubles.mocks import (
    answer_with,
    class_double,
    configure,
    double_of,
    function_double,
    instance_double,
    made_of,
)
from canonry.testing.doubles.patches import Patch, undo
from canonry.testing.doubles.policy import check_factory
from canonry.testing.doubles.probe import watch
from canonry.testing.doubles.real import address, attribute, is_mock, label, locate, resolve
from canonry.testing.doubles.record import Made, caller, is_called_by_import, note
from canonry.testing.doubles.spies import through
from canonry.testing.doubles.unchecked import OfTheClass
from canonry.testing.doubles.values import is_constant

_UNSET: Any = object()
watch()


class SSotMockFactory:
    """Makes doubles that keep to the interface of something real, or refuses; undoes what it patched.

    Use it as a context manager, through the fixture `mock_factory`, or call `cleanup` at the end. ``made`` lists what
    it made and where. `SSotMockFactory.unchecked` has the mocks of `unittest.mock` as they are.
    """

    unchecked = OfTheClass()

    def __init__(self) -> None:
        self._patches: list[Patch] = []
        self.made: list[Made] = []

    def __enter__(self) -> "SSotMockFactory":
        return self

    def __exit__(self, *error: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Undoes every patch of this factory, latest first."""
        patches, self._patches = self._patches, []
        undo(patches)

    def create(self, real: Any, /, **answers: Any) -> Any:
        """The double of a class's instance, an object, a function or a module, with what its members answer.

        ``real`` may be a name (``"shop.realtime:Socket"``). Raises `DoubleError` where there is nothing to keep to.
        """
        names = real.names if isinstance(real, Dynamic) else None
        real = resolve(real.real if isinstance(real, Dynamic) else real)
        self._note("module" if isinstance(real, types.ModuleType) else "double", real)
        return _configured(double_of(real, names), answers)

    def function(self, real: Any, answer: Any = _UNSET) -> Any:
        """The double of a function, with what it answers."""
        real = resolve(real)
        if isinstance(real, type) or not callable(real):
            raise DoubleError(f"`{label(real)}` is no function; `create` makes its double")
        self._note("function", real)
        made = function_double(real)
        if answer is not _UNSET:
            answer_with(made, answer, where=label(real))
        return made

    def class_(self, real: type | str, /, **answers: Any) -> Any:
        """The double of a class itself: calling it gives `return_value`, the double of an instance."""
        real = resolve(real)
        if not isinstance(real, type):
            raise DoubleError(f"`{label(real)}` is no class; `create` makes its double")
        self._note("class", real)
        return _configured(class_double(real), answers)

    def patch(self, target: Any, name: str | None = None, /, **answers: Any) -> Any:
        """Puts the double of an attribute in its place until `cleanup`: ``"shop.bank.pay"`` or an object and a name.

        A function answers what ``returns=`` says; members of a class or object are configured by name.
        """
        owner, name, old = _found(target, name)
        self._note("patch", old if isinstance(old, type) or callable(old) else type(old), f"{label(owner)}.{name}")
        new = _in_place_of(owner, name, old, answers)
        self._put(owner, name, new, old)
        return new

    def replace(self, target: Any, name: Any = None, value: Any = _UNSET, /) -> Any:
        """Puts a value or a hand-written stand-in in the place of an attribute until `cleanup`.

        ``replace("shop.bank.LIMIT", 3)`` or ``replace(bank, "LIMIT", 3)``. Raises `DoubleError` for a mock that nothing
        constrains and for another type, `DriftError` for a function or class whose interface is another.
        """
        if value is _UNSET:
            target, name, value = target, None, name
        owner, name, old = _found(target, name)
        self._note(
            "replacement", old if isinstance(old, type) or callable(old) else type(old), f"{label(owner)}.{name}"
        )
        agree(old, value, where=f"{label(owner)}.{name}")
        self._put(owner, name, value, old)
        return value

    def spy(self, target: Any, name: str | None = None, /) -> Any:
        """Records calls and lets them through to the real thing.

        ``spy(bank)`` gives a double that passes everything on to the object. ``spy(bank, "pay")`` and
        ``spy("shop.bank.pay")`` watch one function in its place until `cleanup`, and give what has the records.
        """
        if name is None and not isinstance(target, str):
            if isinstance(target, (type, types.ModuleType)) or is_function(target):
                raise DoubleError(f"`{label(target)}` has its own home: name the attribute, `spy(owner, name)`")
            resolve(target)
            self._note("spy", target, policy=False)
            return instance_double(interface_of_object(target), wrapped=target)
        owner, name, old = _found(target, name)
        if isinstance(old, type) or not callable(old):
            raise DoubleError(f"`{label(owner)}.{name}` is no function; `spy` watches calls")
        self._note("spy", old, policy=False)
        records, new = through(owner, name, old)
        self._put(owner, name, new, old)
        return records

    def __getattr__(self, role: str) -> Callable[..., Any]:
        if role.startswith("_"):
            raise AttributeError(role)
        registration = registry.registration_of(role)

        def make(**options: Any) -> Any:
            return self._build(registration, options)

        return make

    @classmethod
    def register(cls, role: str, real: Any, build: registry.Build | None = None) -> None:
        """From now on `factory.ROLE(**options)` makes the double of ``real`` (a class or its name) for that role.

        ``build(factory, real, **options)`` makes it, `create` where none is given.
        """
        if not isinstance(real, (str, Dynamic)):
            resolve(real)
        made = registry.Registration(role, real, build, *caller(), is_called_by_import())
        registry.register(made, taken=frozenset(dir(cls)))

    @staticmethod
    def unregister(role: str) -> None:
        """Frees a role."""
        registry.unregister(role)

    @staticmethod
    def verify() -> None:
        """Raises `DriftError` where a registered or hand-written double says something else than the real thing."""
        from canonry.testing.doubles.compare import compare, count

        count(compare(SSotMockFactory))

    def _build(self, registration: registry.Registration, options: dict[str, Any]) -> Any:
        real = registration.real if isinstance(registration.real, Dynamic) else registration.resolved()
        build = registration.build or SSotMockFactory.create
        made = build(self, real, **options)
        kind = resolve(real.real) if isinstance(real, Dynamic) else real
        if not _stands_for(made, kind):
            raise DriftError(
                f"the double `{registration.role}` is to stand for `{label(kind)}`, and its builder gives "
                f"`{made!r}`: make it with `factory.create(real, ...)`, or write a class with `@stands_in_for`"
            )
        self._note("registered", kind)
        return made

    def _put(self, owner: Any, name: str, new: Any, old: Any) -> None:
        path, line = caller()
        patch = Patch(owner, name, path=path, line=line)
        raw = _static(owner, name)
        if isinstance(owner, type) and (isinstance(raw, staticmethod) or not isinstance(old, type)) and callable(new):
            new = staticmethod(new) if isinstance(raw, staticmethod) else new
        patch.put(new)
        self._patches.append(patch)

    def _note(self, kind: str, real: Any, what: str = "", *, policy: bool = True) -> None:
        if policy:
            check_factory(f"{kind} of {what or label(real)}")
        self.made.append(note(kind, address(real)))


def _configured(double: Any, answers: dict[str, Any]) -> Any:
    for name, answer in answers.items():
        configure(double, name, answer)
    return double


def _found(target: Any, name: str | None) -> tuple[Any, str, Any]:
    """Owner, name and present value of what is to be patched."""
    if name is None:
        if not isinstance(target, str):
            raise DoubleError(f"say which attribute of `{label(target)}` is to be patched")
        target, name = locate(target)
        if not name:
            raise DoubleError(f"`{label(target)}` is a module; patch an attribute of one")
    elif isinstance(target, str):
        target = resolve(target)
    old = _static(target, name)
    if not isinstance(old, property):
        old = attribute(target, name)
    if is_mock(target) or is_mock(old):
        raise DoubleError(f"`{label(target)}.{name}` is a double already; configure that one, or undo it first")
    return target, name, old


def _static(owner: Any, name: str) -> Any:
    import inspect

    return inspect.getattr_static(owner, name, None) if isinstance(owner, type) else None


def _in_place_of(owner: Any, name: str, old: Any, answers: dict[str, Any]) -> Any:
    where = f"{label(owner)}.{name}"
    if isinstance(old, property):
        return _property_in_place_of(where, answers)
    if isinstance(old, type):
        return _configured(class_double(resolve(old)), answers)
    if is_function(old) or (callable(old) and hasattr(old, "__wrapped__")) or isinstance(old, _METHODS):
        made = _method_double(owner, name, old)
        for key, answer in answers.items():
            if key != "returns":
                raise DoubleError(f"`{where}` is a function; say `returns=` for what it answers, not `{key}=`")
            answer_with(made, answer, where=where)
        return made
    if is_constant(old):
        raise DoubleError(f"`{where}` is the value {old!r}; `replace` puts another value there")
    resolve(old)
    return _configured(double_of(old), answers)


_METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)


def _method_double(owner: Any, name: str, old: Any) -> Any:
    """The double of a function where it is; as a method of a class it gets no `self`, since mocks do not bind."""
    if isinstance(owner, type):
        from canonry.testing.doubles.interface import interface_of_instances

        member = interface_of_instances(owner).get(name)
        if member is not None:
            label_ = f"{label(owner)}.{name}"
            return function_double(member.function, name=label_, signature=member.signature)
    return function_double(old)


def _property_in_place_of(where: str, answers: dict[str, Any]) -> Any:
    if set(answers) != {"returns"}:
        raise DoubleError(f"`{where}` is a property; say `returns=` for what it gives")
    answer = answers["returns"]
    if is_mock(answer) and not hasattr(answer, "_canonry_interface"):
        raise DoubleError(f"`{where}` is to give a mock that nothing constrains; let the factory make it")
    turns = iter(answer.answers) if isinstance(answer, Each) else None

    def read(_self: Any) -> Any:
        given = next(turns) if turns is not None else answer
        if is_exception(given):
            raise given
        return given.value if isinstance(given, Returns) else given

    return property(read)


def _stands_for(made: Any, real: Any) -> bool:
    if is_mock(made) and hasattr(made, "_canonry_label" if not hasattr(made, "_canonry_interface") else "__class__"):
        return made_of(made) == address(real)
    return stand_in_of(type(made)) is real or (isinstance(real, type) and isinstance(made, real))
