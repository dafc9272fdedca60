"""The command line: fast to start, light to import, one line for every mistake."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "vllm", "gradio", "matplotlib")


def test_importing_loads_nothing_heavy():
    code = (
        "import sys, tail_lite.cli, tail_lite.check, tail_lite.models, tail_lite.verify, tail_lite.evaluate\n"
        "from tail_lite.tasks import parse_tasks; parse_tasks(['all'])\n"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    "words", [["--help"], ["tasks"], ["show", "addition"], ["synth", "addition", "--train", "8", "--out", "d"]]
)
def test_light_commands_import_neither_torch_nor_transformers(words, tmp_path):
    code = (
        f"import sys; sys.argv = ['tail-lite', *{words}]\nimport tail_lite.cli\ntry:\n tail_lite.cli.main()\nfinally:\n"
    )
    code += f" print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("words", [["--help"], ["tasks"]])
def test_starts_within_0_4_s_of_a_bare_interpreter(words):
    def seconds(*command):
        """Processor time: what passes on an idle machine, and the same on a busy one."""
        best = 9.0
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return best

    assert seconds("-m", "tail_lite", *words) - seconds("-c", "pass") < 0.4


def test_tasks_as_json(cli):
    found = json.loads(cli("tasks", "--json").stdout)
    addition = next(t for t in found if t["name"] == "addition")
    assert addition["ranges"] == {"S": [10, 30], "M": [31, 40], "L": [41, 50]}
    assert {"paradigm", "description"} <= set(addition)


def test_show_json_is_one_row_on_one_line(cli):
    done = cli("show", "addition", "--json", "--range", "L", "--seed", 3)
    assert done.stdout.count("\n") == 1
    row = json.loads(done.stdout)
    text = row["completion"][0]["content"]
    assert {s[3] for s in row["spans"]} == {"control", "fetch", "solve", "write", "answer"}
    assert "".join(text[a:b] for a, b, _, _ in row["spans"]) == text
    assert row == json.loads(cli("show", "addition", "--json", "--range", "L", "--seed", 3).stdout)
    assert row != json.loads(cli("show", "addition", "--json", "--range", "L", "--seed", 4).stdout)


def test_check_says_ok_and_fails_with_1(cli, tmp_path):
    done = cli("check", "addition", "--n", 30)
    assert done.returncode == 0
    assert done.stdout.startswith("ok addition: 30 problems")
    from tail_lite.tasks import addition

    text = Path(addition.__file__).read_text(encoding="utf-8").replace("total % 10", "total % 9")
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    done = cli("check", "mine.py", "--n", 30)
    assert done.returncode == 1
    assert "FAILED" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "adition"], "did you mean 'addition'"),
        (["show", "addition", "--range", "XL"], "unknown range 'XL'"),
        (["show", "addition", "--length", "0"], "no problems of length 0"),
        (["show", "addition", "--style", "prose"], "unknown style"),
        (["show", "addition", "--without", "tape"], "cannot leave out"),
        (["show", "addition", "--baseline", "magic"], "no baseline 'magic'"),
        (["synth", "addition", "--out", "d", "--mix", "1:2"], "impossible mix"),
        (["synth", "addition", "--out", "d", "--train", "0", "--eval", "0"], "not both 0"),
        (["synth", "addition", "--out", "d", "--shard", "2/2"], "impossible shard"),
        (["synth", "addition", "--out", "d", "--lengths", "x"], "impossible lengths"),
        (["synth", "addition", "--out", "/proc/d"], "cannot write"),
        (["synth", "addition"], "Missing option '--out'"),
        (["check", "nothing.py"], "no such file"),
        (["check", "addition", "--n", "1"], "at least 3"),
        (["eval", "/nowhere", "addition"], "no model folder"),
        (["eval", "nobody/nothing", "addition", "--out", "d"], "cannot reach the model hub"),
        (["eval", "nano", "addition", "--engine", "magic"], "magic"),
        (["verify", "nothing.jsonl"], "nothing.jsonl"),
        (["report", "nowhere", "--out", "d"], "nowhere"),
        (["show", "addition", "--length", "-3"], "no problems of length -3"),
        (["eval", "nano", "addition", "--out", "/proc/e"], "cannot write"),
        (["fly"], "No such command 'fly'"),
        ([], "Missing command"),
    ],
)
def test_bad_input_is_one_line_exit_2_and_writes_nothing(cli, tmp_path, words, says):
    done = cli(*words)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("package", "words", "extra"),
    [
        ("torch", ["eval", "nano", "addition"], "train"),
        ("gradio", ["app"], "app"),
        ("vllm", ["eval", "nano", "addition", "--engine", "vllm"], "vllm"),
    ],
)
def test_a_missing_extra_names_the_install(package, words, extra, tmp_path):
    """A process in which the package cannot be found, as on a machine where it is not installed."""
    code = (
        "import importlib.util as u, sys\n"
        f"find = u.find_spec\nu.find_spec = lambda name, *a: None if name == {package!r} else find(name, *a)\n"
        f"sys.modules[{package!r}] = None\nsys.argv = ['tail-lite', *{words}]\n"
        "from tail_lite.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert f'pip install "tail_lite[{extra}]"' in done.stderr
    assert done.stderr.count("\n") == 1


def test_doctor(cli):
    done = cli("doctor")
    assert done.returncode == 0, done.stderr
    assert "ok  synthesis, checks" in done.stdout
    assert "gpu:" in done.stdout
