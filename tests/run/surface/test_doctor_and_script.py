"""`canonry doctor`, and the wrapper at an old runner's path."""

import json
import subprocess
import sys
from pathlib import Path

from tests.workbench import ROOT, SOUND, Folder, environment

CANON = (
    "[canon]\nrunner = 'canonry run'\nbase-cases = []\nenvironment = ''\nmock-factory = ''\n"
    "[[canon.symbols]]\nname = 'Cart'\nhome = 'shop.cart'\n[[canon.symbols]]\nname = 'Basket'\nhome = 'shop.cart'\n"
)


def test_doctor_imports_each_symbol(folder: Folder) -> None:
    folder.write({"canonry.toml": CANON, "shop/cart.py": "class Cart:\n    pass\n", "test_a.py": SOUND})
    done = folder.call("doctor", "--output-format", "json")
    states = {each["name"]: each["state"] for each in json.loads(done.stdout)["examinations"]}

    assert done.returncode == 1
    assert (states["shop.cart:Cart"], states["shop.cart:Basket"]) == ("ok", "failed")


SERVICES = """
[services.own]
kind = "command"
command = "python serve.py --port {port}"
[services.lost]
kind = "command"
command = "python gone.py"
[services.unknown]
kind = "command"
command = "no-such-program"
[services.api]
kind = "url"
url = "http://127.0.0.1:9"
[services.database]
kind = "url"
url = "postgres://shop:secret@127.0.0.1:9/shop"
[services.mail]
kind = "container"
image = "mailpit/mailpit:v1.21"
port = 8025
[profiles.staging]
url = "http://127.0.0.1:9"
ready-timeout = "200ms"
"""


def test_doctor_looks_at_services_and_at_the_profile_as_a_run_would(folder: Folder) -> None:
    folder.write({"canonry.toml": f"{CANON}{SERVICES}", "shop/cart.py": "class Cart: ...\nclass Basket: ...\n"})
    folder.write({"test_a.py": SOUND, "serve.py": ""})
    done = folder.call("doctor", "--profile", "staging", "--output-format", "json")
    found = {each["name"]: each for each in json.loads(done.stdout)["examinations"]}

    assert done.returncode == 1
    states = {name: found[name]["state"] for name in ("own", "lost", "unknown", "api", "database", "staging")}
    assert states == {"own": "ok"} | dict.fromkeys(list(states)[1:], "failed")
    assert found["lost"]["detail"] == "`python` is there, and `gone.py` is not"
    assert found["unknown"]["next"] == "install it, or correct `services.unknown.command`"
    assert "secret" not in done.stdout
    assert found["staging"]["detail"].endswith("does not answer (connection refused)")
    assert all(bool(each["next"]) is (each["state"] != "ok") for each in found.values()), found["mail"]


def test_the_wrapper_means_what_an_old_command_says(folder: Folder) -> None:
    canon = "[categories.mission_critical]\npaths = ['tests/critical']\n"
    folder.write(
        {"canonry.toml": canon, "tests/critical/test_a.py": SOUND, "tests/test_b.py": "def test_b():\n    assert 0\n"}
    )
    assert folder.call("run", "--as-script", "tests/unified_test_runner.py").returncode == 0
    script = folder.root / "tests" / "unified_test_runner.py"
    old = "--category mission_critical --no-docker --fast-fail --max-workers 1".split()
    done = subprocess.run(
        [sys.executable, script, *old], cwd=Path(folder.root, "tests"), env=environment(PYTHONPATH=str(ROOT / "src")),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 test run: 1 passed" in done.stdout
    assert folder.call("run", "--as-script", "tests/unified_test_runner.py").returncode == 0


def test_the_wrapper_never_replaces_a_file_of_somebody_else(folder: Folder) -> None:
    folder.write({"tests/runner.py": "print('mine')\n", "test_a.py": SOUND})
    done = folder.call("run", "--as-script", "tests/runner.py")

    assert done.returncode == 2
    assert (folder.root / "tests/runner.py").read_text() == "print('mine')\n"
