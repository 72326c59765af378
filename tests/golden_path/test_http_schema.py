"""The HTTP part against its own OpenAPI document: no server error, no answer that the document does not know."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from canonry.testing import EventContract
from golden_path.chat.process import OwnService
from golden_path.chat.user import ChatUser

HOOKS = """
import schemathesis

IDS = {{"thread_id": "{thread_id}", "run_id": "{run_id}"}}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    # every other example is about a thread, or a run, that there is
    if path_parameters and not getattr(map_path_parameters, "made_up", False):
        path_parameters = {{name: IDS.get(name, value) for name, value in path_parameters.items()}}
    map_path_parameters.made_up = not getattr(map_path_parameters, "made_up", False)
    return path_parameters
"""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def _asked(user: ChatUser) -> dict[str, str]:
    """The ids of a thread and a run that there are."""
    async with user.connect(EventContract("agent-events")) as conversation:
        run = await conversation.ask("is there a thread?")
    assert run.answer
    return {"thread_id": run.thread_id, "run_id": run.run_id}


def test_no_answer_is_unknown_to_the_document(tmp_path: Path) -> None:
    """Schemathesis: every operation, its edges and a bounded number of examples; log-out apart, which ends the session."""
    apart = Path(sys.prefix, "apart")
    assert apart.is_dir(), "schemathesis is missing; `make setup` installs it"
    service = OwnService(tmp_path)
    target = service.start()
    try:
        user = service.user()
        token = user.access_token
        ids = asyncio.run(_asked(user))
        (tmp_path / "ids.py").write_text(HOOKS.format(**ids), encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{target.url}/openapi.json"]
        command += ["--max-examples", "5", "--phases", "coverage,fuzzing", "--checks", CHECKS, "--seed", "9"]
        command += ["--exclude-path", "/auth/logout", "--header", f"Authorization: Bearer {token}", "--no-color"]
        paths = os.pathsep.join(filter(None, [str(apart), str(tmp_path), os.environ.get("PYTHONPATH", "")]))
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": paths, "SCHEMATHESIS_HOOKS": "ids"},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        service.end()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "11 passed" in done.stdout, done.stdout[-3000:]
    assert "Traceback" not in service.log
