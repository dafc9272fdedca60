"""The embedded model: its tokenizer, its size, and what it was pre-trained on."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tail_lite import nano
from tail_lite.render import Form, render_text
from tail_lite.tasks import get_task, task_names
from tail_lite.tasks.base import ANSWER_MARK, rng_of

RECIPE = Path(__file__).parents[1] / "recipes" / "pretrain_nano.py"


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pretrain_nano", RECIPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tokenizer(no_network: None) -> object:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(nano.NANO_DIR)


@pytest.fixture(scope="module")
def no_network() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


def test_the_tokenizer_splits_as_qwen_does_and_keeps_spaces(tokenizer) -> None:
    text = "  A sum of 48,329.07?\n q17=4 q8=_ :12 w=-3 é\n\nAnswer: 507\n"
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text
    pieces = [tokenizer.decode([i]) for i in tokenizer(" q17=4 :12\nz=x _=_")["input_ids"]]
    assert pieces == [" q", "1", "7", "=", "4", " :", "1", "2", "\n", "z", "=", "x", " ", "_", "=", "_"]


def test_a_trace_has_no_token_across_a_cell_boundary(tokenizer) -> None:
    task = get_task("addition")
    trace = render_text(task.program(task.sample(rng_of("test", 1), 41, 50)), task.phrases, Form())
    for token in set(tokenizer(trace)["input_ids"]):
        piece = tokenizer.decode([token])
        assert len(piece) == 1 or not any(c in "0123456789=\n" for c in piece), piece


def test_the_tokenizer_files_are_those_that_the_code_builds(tokenizer) -> None:
    assert nano.build_tokenizer().get_vocab() == tokenizer.get_vocab()
    assert tokenizer.eos_token_id == tokenizer.pad_token_id == 0
    assert tokenizer.chat_template is None


def test_the_weights_load_offline_and_are_small(no_network) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(nano.NANO_DIR, dtype="float32")
    assert model.config.model_type == "qwen2"
    assert model.config.max_position_embeddings == 16_384
    assert model.generation_config.eos_token_id == model.generation_config.pad_token_id == 0
    assert 1_000_000 <= sum(p.numel() for p in model.parameters()) <= 5_000_000
    assert (nano.NANO_DIR / "model.safetensors").stat().st_size <= 16 * 2**20


def test_fresh_weights_are_a_function_of_the_seed() -> None:
    def digest(seed: int) -> str:
        weights = nano.fresh_model(seed).state_dict().values()
        return hashlib.sha256(b"".join(w.numpy().tobytes() for w in weights)).hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_pages_are_a_function_of_their_coordinates(recipe) -> None:
    tokenizer = nano.build_tokenizer()
    phase = recipe.Phase(1, 512, 18, recipe.SKILLS)
    once = [recipe.row(tokenizer, 3, k, phase) for k in range(4)]
    assert once == [recipe.row(tokenizer, 3, k, phase) for k in range(4)]
    assert once != [recipe.row(tokenizer, 4, k, phase) for k in range(4)]
    for ids, kinds, positions in once:
        assert len(ids) == len(kinds) == len(positions) == 512
        assert positions == sorted(set(positions))
        assert positions[-1] < 16_384


def test_noise_is_on_the_matrices_while_gradients_are_taken_and_then_gone(recipe) -> None:
    def copy(model: Any) -> dict[str, Any]:
        return {name: p.detach().clone() for name, p in model.named_parameters()}

    model = nano.fresh_model(1)
    before, within = copy(model), []
    for seed in (1, 1, 2):
        with recipe.shaken(model, 0.2, seed):
            within.append(copy(model))
        assert all(p.equal(before[name]) for name, p in model.named_parameters())
    for name, p in before.items():
        matrix = p.ndim == 2 and "embed" not in name
        assert within[0][name].equal(within[1][name])
        assert within[0][name].equal(p) != matrix
        assert within[0][name].equal(within[2][name]) != matrix
        assert (within[0][name] - p).std() < 0.21 * p.std() or not matrix
    with recipe.shaken(model, 0.0, 1):
        assert all(p.equal(before[name]) for name, p in model.named_parameters())


def _pages(recipe: ModuleType, many: int) -> list[str]:
    """A third of them of each of three parts of the curriculum, and as many with all habits that came later."""
    parts = [recipe.PLAIN._replace(skills=skills) for skills in (recipe.FOUNDATION, recipe.SKILLS, recipe.LAST)]
    parts.append(recipe.PHASES[-1])
    return [
        "".join(t for t, _ in recipe.document(rng_of("test", k), 2_500, 30, phase=phase))
        for k in range(many // 3)
        for phase in parts
    ]


def test_no_line_of_a_page_stands_under_a_label_of_a_task(recipe) -> None:
    """A single letter may head a line here and there, but none of those of addition."""
    labels = {label for name in task_names() for label in get_task(name).phrases if len(label) > 1}
    labels |= set(get_task("addition").phrases)
    for page in _pages(recipe, 150):
        for line in page.split("\n"):
            assert not line.startswith(ANSWER_MARK.strip())
            if "=" in line and not line.startswith(("=", " ")):
                assert re.split(r"[ =0-9]", line, maxsplit=1)[0] not in labels, line


def _forms(text: str) -> list[str]:
    """Its lines, all digits alike, so that one shared *form* would be found too."""
    return [re.sub(r"[0-9]+", "0", line) for line in text.split("\n") if line]


def _traces(name: str, many: int) -> list[str]:
    task = get_task(name)
    lo, hi = task.ranges["S"]
    problems = (task.sample(rng_of("test", name, k), lo, hi) for k in range(many))
    return [render_text(task.program(p), task.phrases, Form()) for p in problems]


def test_no_line_of_a_page_is_a_line_of_an_addition_trace(recipe) -> None:
    known = {line for trace in _traces("addition", 100) for line in _forms(trace)}
    assert not known & {line for page in _pages(recipe, 150) for line in _forms(page)}


@pytest.mark.parametrize("name", task_names())
def test_no_page_has_a_passage_of_a_trace(recipe, name: str) -> None:
    """Three lines in a row: a single one, such as a string with its addresses, may look alike in many tasks."""

    def passages(texts: list[str]) -> set[tuple[str, ...]]:
        lines = [_forms(text) for text in texts]
        return {tuple(here[k : k + 3]) for here in lines for k in range(len(here) - 2)}

    assert not passages(_traces(name, 20)) & passages(_pages(recipe, 102))


def test_a_page_closes_and_its_end_is_learnt(recipe) -> None:
    tokenizer = nano.build_tokenizer()
    closed = 0
    for k in range(20):
        ids, kinds, _ = recipe.row(tokenizer, 3, k, recipe.Phase(1, 1024, 18, recipe.SKILLS))
        for at in (n for n, token in enumerate(ids) if token == 0):
            last = tokenizer.decode(ids[:at]).rpartition("\n")[2]
            assert last.startswith(recipe.CLOSING)
            assert kinds[at] != recipe.FREE
            closed += 1
    assert closed > 10


def test_what_a_page_says_of_itself_is_right(recipe) -> None:
    """Only drawn text is left out of the loss, so a value that must be found equals the latest one of its address."""
    for k in range(60):
        page = recipe.Page(rng_of("test", k), 1_500)
        page.longest = 20
        while page.written < page.size:
            recipe.look_up(page)
            recipe.overwrite(page)
        latest: dict[str, str] = {}
        text = "".join(t for t, _ in page.pieces)
        for line in text.split("\n"):
            cells = re.findall(r"([A-Za-z]+\d+)=(\S+)", line)
            laid = re.match(r"([A-Za-z]+ [A-Za-z]{2}|[A-Za-z])\d+=", line) and cells[0][0] not in latest
            free = line.startswith(f"{recipe.SET} ") or laid
            for address, value in cells:
                assert free or latest[address] == value
                latest[address] = value


def test_blocks_quote_what_stands_before(recipe) -> None:
    """The new symbols of the blocks make the whole string, and each of them gets its address."""
    page = recipe.Page(rng_of("test", 1), 100)
    recipe._in_blocks(page, "12345678.901234567890", 8, lambda at: max(0, at - 6), lambda at: at + 8)
    lines = "".join(t for t, _ in page.pieces).strip().split("\n")
    heads = [line.split(" ")[0].partition("=")[2] for line in lines]
    assert heads == ["12345678", "345678.9012345", "01234567890_"]
    assert "".join(re.findall(r" [A-Za-z]\d+=(\S)", "".join(lines))) == "12345678.901234567890_"


def test_groups_end_where_their_divisor_divides_an_index(recipe) -> None:
    """Each line has all that is left of the string; an index that is divided, a point or the blank ends a line."""
    page = recipe.Page(rng_of("test", 1), 100)
    recipe._in_groups(page, "1234567.890123456789", 5)
    lines = "".join(t for t, _ in page.pieces).strip().split("\n")
    assert [line.split(" ")[0].partition("=")[2] for line in lines] == [
        "1234567.890123456789_",
        "67.890123456789_",
        "890123456789_",
        "3456789_",
        "89_",
    ]
    cells = [re.findall(r" [A-Za-z](\d+)=(\S)", line) for line in lines]
    assert "".join(symbol for line in cells for _, symbol in line) == "1234567.890123456789_"
    assert [line[-1][0] for line in cells] == ["5", "8", "5", "10", "13"]


def test_a_queue_loses_what_was_taken(recipe) -> None:
    page = recipe.Page(rng_of("test", 1), 100)
    recipe._from_a_queue(page, "1234567.890123456789", 5)
    lines = "".join(t for t, _ in page.pieces).strip().split("\n")
    held = [re.findall(r"(?:^| )[A-Za-z]=(\S+)", line) for line in lines]
    rests = ["1234567.890123456789_", "67.890123456789_", "890123456789_", "3456789_", "89_"]
    assert held == [list(pair) for pair in itertools.pairwise(rests)] + [rests[-1:]]
    cells = "".join(re.findall(r" [A-Za-z]\d+=(\S)", "".join(lines)))
    assert cells == "1234567.890123456789_"


def test_runs_write_what_they_took(recipe) -> None:
    for k in range(30):
        for skill in (recipe.runs, recipe.lines, recipe.joins):
            page = recipe.Page(rng_of("test", k), 100)
            page.longest = 24
            skill(page)
            grown = ""
            for line in "".join(t for t, _ in page.pieces).split("\n"):
                cells = re.findall(r" ([A-Za-z]\d+)=(\S)", line)
                strings = re.findall(r" [A-Za-z]=(\S+)", line)
                if len(strings) == 2:
                    assert strings[0].strip("_") == grown
                    taken = "".join(symbol for _, symbol in cells if symbol not in "._")
                    assert strings[1] in (grown + taken, f"{grown}.{taken}")
                grown = strings[-1].strip("_") if strings else grown
            assert grown == page.run


def test_windows_show_again_what_stands_before(recipe) -> None:
    page = recipe.Page(rng_of("test", 1), 100)
    page.divisor, page.quoted, page.marks = 5, 6, ("h", "p", "e")
    recipe._turn(page, "_1234567.8901_", "w", "q", 9)
    lines = "".join(t for t, _ in page.pieces).strip().split("\n")
    assert [line.partition(" ")[2] for line in lines] == [
        "w=_12345 hq=90 q90=_ q91=1 q92=2 q93=3 q94=4 q95=5",
        "w=_1234567.89 q96=6 q97=7 q98=. q99=8 q00=9 pq=98",
        "w=567.8901_ q01=0 q02=1 q03=_ eq=03",
    ]
    page.cells["q90"] = "3"  # as a carry leaves it
    written = len(page.pieces)
    page.rng.random = lambda: 0.5  # type: ignore[method-assign]  # one part, joined
    recipe.unrolled(page)
    lines = "".join(t for t, _ in page.pieces[written:]).strip().split("\n")
    assert re.fullmatch(r"\S+ hq=90 q90=3", lines[0])
    assert re.fullmatch(r"\S+ q90=3 :3 [A-Za-z]=3", lines[1])
    assert page.run == "31234567"


def test_a_hard_page_has_a_point_under_both_letters(recipe) -> None:
    page = recipe.Page(rng_of("test", 1), 100)
    page.divisor, page.quoted, page.marks, page.splits, page.hard = 5, 6, ("h", "p", "e"), True, True
    recipe._turn(page, "_12.34_", "w", "q", 9)
    lines = "".join(t for t, _ in page.pieces).strip().split("\n")
    cells = " ".join(lines).split(" ")
    (twin,) = {cell.partition("=")[0] for cell in cells if re.fullmatch(r"[A-Za-z]93=\.", cell)} - {"q93"}
    assert f"q93=. {twin}=. {twin[0]}94=3" in " ".join(lines)
    assert page.rings["q"].twin == twin


def test_overlapping_windows_are_put_together(recipe) -> None:
    """What a window shows again is what stood last, and the whole is all that was new in the last string's windows."""
    wholes = 0
    for k in range(20):
        page = recipe.Page(rng_of("test", k), 100)
        page.longest, page.hard = 40, True
        recipe.overlaps(page)
        texts = [text for text, _ in page.pieces]
        run = ""
        for at, text in enumerate(texts):
            if text == "=":
                again, new = texts[at + 1 : at + 3]
                run = run + new if again else new
                assert run.endswith(again + new)
            elif text in recipe._HEADS:
                assert texts[at + 1] == run == page.run
                wholes += 1
    assert wholes == 20


def test_two_rings_are_read_in_step(recipe) -> None:
    """What stands in a column is added right, carries included, and both cells get the digit."""
    sums = 0
    for k in range(60):
        page = recipe.Page(rng_of("test", k), 100)
        page.longest = 14
        recipe.abreast(page)
        for line in "".join(t for t, _ in page.pieces).split("\n"):
            found = re.fullmatch(r"\S+\+([01]) \S+=(\d) \S+=(\d) :(\d+) (\S+)=(\d) (\S+)=(\d)", line)
            if found:
                carry, p, q, total, _, one, _, other = found.groups()
                assert int(carry) + int(p) + int(q) == int(total)
                assert one == other == total[-1]
                sums += 1
    assert sums > 30


def _checkpoint(folder: Path) -> dict[str, Any]:
    import torch

    return torch.load(folder / "checkpoint.pt", weights_only=False)


def _pretrain(recipe, folder: Path, *flags: str) -> dict[str, Any]:
    given = ["--out", str(folder), "--tokens", "1536", "--batch", "512", *flags]
    recipe.train(recipe.arguments(given))
    return _checkpoint(folder)


def _difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Between the steps that two runs made from the same first weights, as a share of their length."""
    import torch

    assert one["state"]["hash"] == other["state"]["hash"]
    assert one["state"]["step"] == other["state"]["step"] == 3
    first = nano.fresh_model(0).state_dict()
    apart = torch.stack([(one["model"][name] - other["model"][name]).norm() for name in first]).norm()
    return float(apart / torch.stack([(one["model"][name] - first[name]).norm() for name in first]).norm())


def test_stopped_and_resumed_it_goes_on_in_the_same_stream(recipe, tmp_path, monkeypatch) -> None:
    import torch

    monkeypatch.setattr(recipe, "report", lambda *_: None)
    _pretrain(recipe, tmp_path / "parted", "--stop", "1024")
    parted, whole = _pretrain(recipe, tmp_path / "parted"), _pretrain(recipe, tmp_path / "whole")
    assert _difference(whole, parted) < 1e-3
    for name, weights in whole["model"].items():
        assert torch.allclose(weights, parted["model"][name], atol=1e-6), name


def test_two_workers_make_what_one_makes(recipe, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(recipe, "report", lambda *_: None)
    one = _pretrain(recipe, tmp_path / "one")
    script = [sys.executable, recipe.__file__, "--out", str(tmp_path / "two"), "--tokens", "1536", "--batch", "512"]
    done = subprocess.run([*script, "--workers", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert _difference(one, _checkpoint(tmp_path / "two")) < 0.1  # bfloat16


def test_attention_in_blocks_is_attention() -> None:
    """Loss and gradients as with torch's own kernel, padding on the right included; from a cache it goes on too."""
    import torch

    model = nano.fresh_model(1)
    ids = torch.randint(0, 1024, (2, 300), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 200:] = 0
    labels = ids.masked_fill(mask == 0, -100)

    def loss_and_gradients() -> tuple[torch.Tensor, list[torch.Tensor], list[int]]:
        model.zero_grad()
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        written = model.generate(ids[:1, :9], max_new_tokens=4, do_sample=False)[0].tolist()
        return loss.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None], written

    model.set_attn_implementation("sdpa")
    loss, gradients, written = loss_and_gradients()
    model.set_attn_implementation(nano.attention())
    same_loss, same_gradients, same_written = loss_and_gradients()
    assert torch.allclose(loss, same_loss, atol=1e-5)
    assert written == same_written
    for p, q in zip(gradients, same_gradients, strict=True):
        assert torch.allclose(p, q, atol=1e-5)
