"""The README's commands and the notebook run as printed."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from tail_lite.tasks import task_names

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(mark):
    found = re.search(rf"<!-- test: {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, mark
    return found[1]


@pytest.fixture
def checkout(tmp_path):
    """A folder that looks like the checkout, where commands may leave what they make."""
    for name in ("recipes", "app.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def environment():
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_commands(checkout):
    for line in block("readme").splitlines():
        done = subprocess.run(shlex.split(line), cwd=checkout, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (checkout / "runs" / "report").is_dir()
    assert (checkout / "runs" / "try" / "report.md").is_file()


def test_the_trace_shown_is_the_one_printed(cli):
    assert cli("show", "addition", "--length", 4).stdout.endswith("\n\n" + block("trace"))


def test_the_task_shown_passes_its_check(checkout):
    (checkout / "my_task.py").write_text(block("task"), encoding="utf-8")
    for line in block("task-commands").splitlines():
        done = subprocess.run(shlex.split(line), cwd=checkout, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def test_the_page_of_tasks_is_what_the_code_makes():
    make = runpy.run_path(str(ROOT / "docs" / "make.py"))
    page = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
    assert make["tasks_page"]() == page, "run `python docs/make.py`"
    tokens = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\w+) \| S", tokens, re.MULTILINE) == list(task_names())


@pytest.mark.full
def test_the_main_job_at_full_size(recipe):
    done = recipe("train_task.py", "addition", "--out", "run")
    assert done.returncode == 0, done.stderr


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_notebook(checkout):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "examples" / "quickstart.ipynb", as_version=4)
    badge = notebook.cells[0].source
    assert "colab.research.google.com" in badge
    assert "pip install" in notebook.cells[1].source
    notebook.cells = [c for c in notebook.cells if "install" not in c.metadata.get("tags", [])]
    path = os.environ["PATH"]
    try:
        os.environ["PATH"] = environment()["PATH"]  # the kernel's shell finds this environment's python
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(checkout)}}).execute()
    finally:
        os.environ["PATH"] = path
    printed = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []))
    assert "Answer: " in printed
    assert "S 0 of 2" in printed or "S 1 of 2" in printed or "S 2 of 2" in printed
