"""The interface that a double keeps to."""

import operator
import types
import weakref
from collections.abc import Iterator
from typing import Any

from canonry.testing.doubles.members import Kind, Member, annotations_of, field_names, lines, member
from canonry.testing.doubles.real import address, label, nearest


class Interface:
    """Every name that a real thing answers to. What methods assign to `self` is read only when it is asked for."""

    __slots__ = ("_written", "instance", "label", "members", "names", "real")

    def __init__(self, real: Any, members: dict[str, Member], *, name: str, instance: bool) -> None:
        self.real, self.members, self.label, self.instance = real, members, name, instance
        self.names = tuple(members)
        self._written: dict[str, Member] | None = None

    def get(self, name: str) -> Member | None:
        """The member of that name, or None."""
        found = self.members.get(name)
        if found is None or (found.kind is Kind.DATA and found.annotation is None):
            return self._late().get(name, found)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self.members
        yield from (name for name in self._late() if name not in self.members)

    def missing(self, name: str) -> str:
        """The sentence that says that there is no such name."""
        hint = ""
        if self.is_open:
            hint = f"; it has a `__getattr__`: `dynamic({label(self.real)}, {name!r})` admits the name"
        return f"`{self.label}` has no `{name}`{nearest(name, self) or hint}"

    @property
    def is_open(self) -> bool:
        """Whether the real thing may answer to names that nothing declares."""
        return "__getattr__" in self.members or "__getattribute__" in self.members

    def _late(self) -> dict[str, Member]:
        if self._written is None:
            self._written = {}
            if self.instance and isinstance(self.real, type):
                from canonry.testing.doubles.written import written_attributes

                self._written = {
                    name: Member(
                        name, Kind.DATA, getattr(self.members.get(name), "value", None), self.real, None, False, text
                    )
                    for name, text in written_attributes(self.real).items()
                    if name not in self.members or self.members[name].kind is Kind.DATA
                }
        return self._written


_KNOWN: "weakref.WeakKeyDictionary[type, tuple[tuple[Any, ...], Interface]]" = weakref.WeakKeyDictionary()


def interface_of_instances(kind: type) -> Interface:
    """What instances of a class answer to. Kept until a namespace in its method resolution order changes."""
    stamp = _stamp(kind)
    kept = _KNOWN.get(kind)
    if kept is not None and len(kept[0]) == len(stamp) and all(map(operator.is_, kept[0], stamp)):
        return kept[1]
    made = Interface(kind, _class_members(kind, unbound=False), name=label(kind), instance=True)
    _KNOWN[kind] = stamp, made
    return made


def interface_of_class(kind: type) -> Interface:
    """What a class itself answers to, its metaclass included."""
    members: dict[str, Member] = {}
    for each in lines(type(kind))[::-1]:
        if each is not type:
            members |= {name: member(name, value, each) for name, value in vars(each).items() if name[:2] != "__"}
    members |= _class_members(kind, unbound=True)
    return Interface(kind, members, name=label(kind), instance=False)


def interface_of_module(module: types.ModuleType) -> Interface:
    """What a module holds, and what it promises in `__all__` to import late."""
    space = vars(module)
    annotated = annotations_of(module)
    members = {
        name: member(name, value, module, annotation=annotated.get(name), unbound=True)
        for name, value in space.items()
        if name[:2] != "__"
    }
    for name in (*annotated, *space.get("__all__", ())):
        if name not in members:
            value = getattr(module, name, None)
            members[name] = member(name, value, module, annotation=annotated.get(name), unbound=True)
    return Interface(module, members, name=module.__name__, instance=False)


def interface_of_object(thing: Any) -> Interface:
    """What one object answers to: its class, and the attributes that it has now."""
    kind = interface_of_instances(type(thing))
    members = dict(kind.members)
    for name, value in getattr(thing, "__dict__", {}).items():
        if name not in members or members[name].kind is Kind.DATA:
            members[name] = member(name, value, thing, unbound=True)
    return Interface(type(thing), members, name=kind.label, instance=True)


def extended(interface: Interface, names: dict[str, Any]) -> Interface:
    """The same with names that only its `__getattr__` knows; values are the classes of the answers, or None."""
    added = {name: Member(name, Kind.DATA, None, interface.real, annotation=kind) for name, kind in names.items()}
    members = added | interface.members
    return Interface(interface.real, members, name=interface.label, instance=interface.instance)


def describe(interface: Interface) -> str:
    """``module:qualified.name`` of what it is the interface of."""
    return address(interface.real)


def _class_members(kind: type, *, unbound: bool) -> dict[str, Member]:
    members: dict[str, Member] = {}
    for each in lines(kind)[::-1]:
        annotated = annotations_of(each)
        for name, value in list(vars(each).items()):
            if name not in _NOISE:
                members[name] = member(name, value, each, annotation=annotated.get(name), unbound=unbound)
        for name in (*annotated, *field_names(each)):
            if name not in vars(each) and (name not in members or name in annotated):
                members[name] = Member(name, Kind.DATA, None, each, annotation=annotated.get(name))
    return members


_NOISE = frozenset(
    "__module__ __qualname__ __doc__ __dict__ __weakref__ __slots__ __annotations__ __annotate__ __annotations_cache__ "
    "__annotate_func__ __firstlineno__ __static_attributes__ __orig_bases__ __parameters__ __abstractmethods__ "
    "__subclasshook__ __init_subclass__ __class_getitem__ __new__ __init__ __match_args__ __protocol_attrs__ "
    "__non_callable_proto_members__ _abc_impl _is_protocol _is_runtime_protocol __class__ __getattribute__ "
    "__setattr__ __delattr__ __repr__ __dir__ __reduce__ __reduce_ex__ __getstate__ __setstate__ __del__".split()
) - {"__getattribute__"}


def _stamp(kind: type) -> tuple[Any, ...]:
    """The names and values of every namespace that the interface is made of."""
    found: list[Any] = []
    for each in lines(kind):
        space = vars(each)
        found += space
        found += space.values()
    return tuple(found)
