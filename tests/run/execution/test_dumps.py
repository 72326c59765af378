"""What is shown of a process that died or hung: the test's frames, not the machinery's."""

import pytest

from canonry.run.controller.dumps import fault_beside_the_test, from_the_test, last_words

HUNG = """Thread 0x01 (most recent call first):
  File "/x/socketserver.py", line 3 in serve
  File "/x/threading.py", line 900 in run

Current thread 0x02 (most recent call first):
  File "/x/threading.py", line 327 in wait
  File "/shop/tests/test_bank.py", line 7 in test_the_bank_answers
  File "/x/_pytest/python.py", line 187 in pytest_pyfunc_call
  File "/x/pluggy/_callers.py", line 12 in _multicall
  File "/x/canonry/run/worker/main.py", line 46 in main
"""
IDLE = """Current thread 0x02 (most recent call first):
  File "/x/_pytest/main.py", line 3 in wrap_session
  File "/x/canonry/run/worker/main.py", line 46 in main
"""


def test_frames_below_the_test_are_cut() -> None:
    assert from_the_test(HUNG).splitlines()[-1].endswith("in test_the_bank_answers")
    assert "socketserver.py" in from_the_test(HUNG)


def test_a_thread_of_nothing_but_machinery_stays() -> None:
    assert from_the_test(IDLE) == IDLE


def test_last_words_begin_with_the_interpreters_report() -> None:
    written = f"===== test session starts =====\nplugins: many\nFatal Python error: Segmentation fault\n\n{HUNG}"

    assert last_words(written).startswith("Fatal Python error: Segmentation fault\n\nThread 0x01")
    assert "_pytest" not in last_words(written)


def test_other_words_stay_as_they_are() -> None:
    assert last_words("bye\n") == "bye\n"


BESIDE = """Current thread 0x03 (most recent call first):
  File "/shop/poller.py", line 7 in poll
  File "/x/threading.py", line 975 in run
  File "/x/threading.py", line 1038 in _bootstrap_inner
  File "/x/threading.py", line 995 in _bootstrap

Thread 0x02 (most recent call first):
  File "/shop/tests/test_bank.py", line 7 in test_the_bank_answers
  File "/x/canonry/run/worker/main.py", line 46 in main
"""


@pytest.mark.parametrize(
    ("dump", "beside"),
    [
        (BESIDE, True),
        (HUNG, False),
        (BESIDE.replace("Thread 0x02", "Current thread 0x02").replace("Current thread 0x03", "Thread 0x03"), False),
        (BESIDE.replace('  File "/x/threading.py", line 995 in _bootstrap\n', "  ...\n"), False),
        ("Current thread 0x03 (most recent call first):\n  <no Python frame>\n\n", False),
    ],
)
def test_the_thread_at_fault_is_known_where_the_interpreter_says_it(dump: str, *, beside: bool) -> None:
    assert fault_beside_the_test(f"words\nFatal Python error: Segmentation fault\n\n{dump}") is beside
    assert not fault_beside_the_test(dump)
