"""What grouping costs: the inventory of a tree and its role clusters, from cached facts.

``python benchmarks/grouping.py GIT_DIR --rev REV [--config CANON] [--classes N]``. The first run reads the tree. The
clusters are computed for the tree itself and for N classes, which are the tree's own again and again, each time with
other method names.
"""

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from canonry.audit.request import Request
from canonry.audit.run import read_tree
from canonry.rules.inventory import Inventory, take_inventory
from canonry.rules.roles import role_clusters
from canonry.rules.view import TreeView

_T = TypeVar("_T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rev", required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--classes", type=int, default=50_000)
    options = parser.parse_args()
    gc.disable()
    request = Request(repository=options.repository, revision=options.rev, config=options.config)
    with read_tree(request) as (_, tree):
        measure(tree, options.rev, options.classes)


def measure(tree: TreeView, name: str, classes: int) -> None:
    """Prints the costs, and the largest roles of the WebSocket and Redis doubles."""
    inventory, seconds = _timed(lambda: take_inventory(tree.facts()))
    print(f"{name}: inventory of {len(inventory.classes):,} classes without tests: {seconds:.2f} CPU s")
    tree.inventory = inventory
    roles, seconds = _timed(lambda: role_clusters(tree))
    print(f"{name}: {len(roles)} roles: {seconds:.2f} CPU s")
    for word in ("WebSocket", "Redis"):
        of_word = [role for role in roles if sum(word in home.name for home in role.homes) * 2 >= len(role.homes)]
        for role in of_word[:3]:
            print(
                f"  {word}: {role.classes} classes ({role.kin} by inheritance), {len(role.names)} names,"
                f" around {role.hub.name} ({', '.join(sorted(role.hub.words)[:3])}, ...)"
            )
    tree.inventory = enlarged(inventory, classes)
    roles, seconds = _timed(lambda: role_clusters(tree))
    print(f"{name}: {len(tree.inventory.classes):,} classes, {len(roles)} roles: {seconds:.2f} CPU s")


def enlarged(inventory: Inventory, classes: int) -> Inventory:
    """The inventory with its classes repeated up to a number, every repetition with methods of its own."""
    found = Inventory()
    found.imports, found.doubles = inventory.imports, inventory.doubles
    turn = 0
    while len(found.classes) < classes and inventory.classes:
        for path, fact in inventory.classes[: classes - len(found.classes)]:
            methods = tuple(f"{method}_{turn}" if turn else method for method in fact.methods)
            found.classes.append((path, msgspec.structs.replace(fact, methods=methods)))
        turn += 1
    return found


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    started = time.process_time()
    return work(), time.process_time() - started


if __name__ == "__main__":
    main()
