"""The witness of the demo's migration: plain pytest, which knows nothing of canonry's proofs, before and after."""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path


def passing(root: Path) -> frozenset[str]:
    """The tests of the repository that pass under plain pytest, by class and name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = ["-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", f"--junitxml={report}", "tests"]
        subprocess.run(
            [sys.executable, "-B", "-m", "pytest", *options],
            cwd=root,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        cases = ET.parse(report).iter("testcase")
        return frozenset(f"{case.get('classname')}::{case.get('name')}" for case in cases if not list(case))
