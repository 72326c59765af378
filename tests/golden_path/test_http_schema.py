"""The HTTP part against its own OpenAPI document: no server error, no answer that the document does not know."""

import os
import subprocess
import sys
from pathlib import Path

from golden_path.chat.process import OwnService

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_no_answer_is_unknown_to_the_document(tmp_path: Path) -> None:
    """Schemathesis: every operation, its edges and a bounded number of examples; log-out apart, which ends the session."""
    apart = Path(sys.prefix, "apart")
    assert apart.is_dir(), "schemathesis is missing; `make setup` installs it"
    service = OwnService(tmp_path)
    target = service.start()
    try:
        token = service.user().access_token
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{target.url}/openapi.json"]
        command += ["--max-examples", "4", "--phases", "coverage,fuzzing", "--checks", CHECKS, "--seed", "9"]
        command += ["--exclude-path", "/auth/logout", "--header", f"Authorization: Bearer {token}", "--no-color"]
        paths = os.pathsep.join(filter(None, [str(apart), os.environ.get("PYTHONPATH", "")]))
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
        )
    finally:
        service.end()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "11 passed" in done.stdout, done.stdout[-3000:]
    assert "Traceback" not in service.log
