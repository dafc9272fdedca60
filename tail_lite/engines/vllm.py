"""Greedy generation with vLLM: the default where CUDA is present; its CPU wheel runs through the same code."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tail_lite.chat import decode, template_of
from tail_lite.engines import Generation
from tail_lite.errors import UsageError
from tail_lite.models import has_cuda, load_tokenizer

_ENVIRONMENT = {
    "VLLM_NO_USAGE_STATS": "1",  # no network
    "DO_NOT_TRACK": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    # The engine in this process: no second process that a kill leaves behind, no re-import of the caller's script.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # not pinned to cores that other processes may be using
}
_IN_FLIGHT = 512  # requests handed over at a time: what the engine holds need not be all that there is


def _share() -> float:
    """The share of the GPU's memory to use: vLLM refuses to start where less is free than it is told to take."""
    import torch

    free, total = torch.cuda.mem_get_info()
    return round(min(0.9, free / total - 0.02), 3)


class VllmEngine:
    name = "vllm"

    def __init__(self, model: str | Path, max_length: int) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        self._tokenizer = load_tokenizer(model)
        self._stop = template_of(self._tokenizer).stop_id
        cuda = has_cuda()
        options: dict[str, Any] = {"dtype": "bfloat16" if cuda else "float32", "max_model_len": max_length}
        options |= {"gpu_memory_utilization": _share()} if cuda else {"enforce_eager": True, "max_num_seqs": 64}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                import vllm

            # generation_config="vllm": not the folder's, whose stop tokens and penalty would join ours.
            self._llm = vllm.LLM(
                str(model),
                seed=0,
                disable_log_stats=True,
                generation_config="vllm",
                skip_tokenizer_init=True,
                use_tqdm_on_load=False,
                **options,
            )
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
            raise UsageError(f"vLLM cannot run here ({reason[0]}): use --engine transformers") from error
        self.version = vllm.__version__
        self.flags = options | {"device": "cuda" if cuda else "cpu", "temperature": 0, "repetition_penalty": 1.0}

    def close(self) -> None:
        from vllm.distributed import cleanup_dist_env_and_memory

        del self._llm
        gc.collect()
        cleanup_dist_env_and_memory()

    def generate(
        self, prompts: list[list[int]], budgets: list[int], drafts: list[list[int]] | None = None
    ) -> Iterator[tuple[int, Generation]]:
        from vllm import SamplingParams

        # The engine's own loop, not LLM.generate, which returns when the last of its prompts is done: a finished
        # sample is to be saved at once, and the batch to stay full.
        engine = self._llm.llm_engine
        waiting = iter(sorted(range(len(prompts)), key=lambda k: -budgets[k]))  # the longest first: no straggler
        running = 0
        while True:
            while running < _IN_FLIGHT and (k := next(waiting, None)) is not None:
                params = SamplingParams(
                    temperature=0.0,
                    repetition_penalty=1.0,
                    max_tokens=budgets[k],
                    stop_token_ids=[self._stop],
                    detokenize=False,
                )
                engine.add_request(str(k), {"prompt_token_ids": prompts[k]}, params)
                running += 1
            if not running:
                return
            for request in engine.step():
                if not request.finished:
                    continue
                running -= 1
                ids = list(request.outputs[0].token_ids)
                stopped = bool(ids) and ids[-1] == self._stop
                text = decode(self._tokenizer, ids[:-1] if stopped else ids)
                yield int(request.request_id), Generation(text, len(ids), "stop" if stopped else "length")
