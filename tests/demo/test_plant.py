"""The runner names each planted fault for what it is."""

import json
from pathlib import Path

from canonry.model.outcome import Outcome
from demo.plant import plant, plant_regression
from tests.workbench import SOUND, Folder


def test_each_planted_fault_is_named(folder: Folder) -> None:
    folder.write({"pyproject.toml": "[tool.canonry]\n"})
    plant(folder.root)
    done = folder.run("run", "--output-format", "json")
    report = json.loads(done.stdout)
    outcomes = {Path(each["node"].partition("::")[0]).stem: set[str]() for each in report["tests"]}
    for each in report["tests"]:
        outcomes[Path(each["node"].partition("::")[0]).stem].add("flaky" if each.get("flaky") else each["outcome"])

    assert done.returncode == 1
    assert outcomes["test_label_printer"] == {Outcome.CRASHED, Outcome.PASSED}
    assert outcomes["test_bank_line"] == {Outcome.TIMEOUT, Outcome.PASSED}
    assert "flaky" in outcomes["test_stock_feed"]
    assert Outcome.FAILED in outcomes["test_currency_switch"]
    assert {"thread"} <= {leak["kind"] for leak in report["leaks"]}


def test_the_planted_order_dependence_is_found(folder: Folder) -> None:
    folder.write({"pyproject.toml": "[tool.canonry]\n"})
    plant(folder.root)
    done = folder.run("run", "--order-check", "tests/planted/test_order_numbers.py")

    assert done.returncode == 1
    assert "fails after `tests/planted/test_order_numbers.py::test_a_number_is_given`" in done.stdout
    assert "NUMBERS" in done.stdout


def test_a_planted_regression_is_refused_by_the_gate(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": SOUND}, "first")
    assert repository.call("gate", "baseline", "-q").returncode == 0
    script = plant_regression(repository.root)
    refused = repository.call("gate", "--output-format", "concise")
    script.unlink()

    assert refused.returncode == 1
    assert "RUN001" in refused.stdout
    assert repository.call("gate", "--output-format", "concise").returncode == 0
