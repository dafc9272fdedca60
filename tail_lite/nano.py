"""`nano`: the embedded default model, small enough for a laptop's CPU and shaped like the big ones.

Architecture, tokenizer splitting and end-of-text handling are those of Qwen2.5, so nothing downstream knows the
difference. The weights in :data:`NANO_DIR` are made by ``recipes/pretrain_nano.py``; see the model card beside them.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

NANO_DIR = Path(__file__).parent / "data" / "nano"
SENTENCES = NANO_DIR / "sentences.txt"
"""English of the query kind, a sentence a line; ``{num}``, ``{word}`` and ``{list}`` are slots for pre-training."""

END = "<|endoftext|>"
VOCABULARY = 1024
WORDS = (  # of programs: a label or a key made of one of them is one token, at a line's start and after a space
    "add all any at back best bit by call can carry cell check close col copy cost count cut day del diff dist div do "
    "done down edge end eq even fail false fin find first for from get go goto halt head hi high if in init inner int "
    "is it item job key last left len less lo loop low max mid min mod move mul neg new next no node none not odd "
    "of ok old on op open or out outer part path pick pivot point pop pos prev push put quit read rem rest ret right "
    "row run save scan seek set skip sort start state step stop sub sum swap tail take tape test then time to top trim "
    "true try up use val visit want way while win word write x yes zero Answer So Step"
)
_SPLIT = (  # Qwen2.5's own: digits one by one, an optional space joined to the word that follows
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def sentences() -> list[str]:
    return SENTENCES.read_text(encoding="utf-8").splitlines()


def _corpus() -> list[str]:
    """What the merges are learned from: the sentences, and every letter and sign that a short key may consist of.

    No sign ever stands before another sign, a letter or a line's end, so that ``=``, ``_`` or a newline is the same
    token wherever it occurs.
    """
    text = [w for s in sentences() for w in s.split() if not w.startswith("{")]
    english = ["".join(c if c.isalpha() or c == "'" else " " for c in w) for w in text]
    keys = [f" {c}" for c in string.ascii_letters + ":=-+<>?,.(|#*/"]
    words = [form for w in WORDS.split() for form in (w, f" {w}")]
    return [f" {w}".rstrip() for w in english] * 2 + keys * 100 + words * 20


def build_tokenizer() -> Any:
    """The byte-level BPE as a ``tokenizers.Tokenizer``: a function of the sentences alone."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"), byte_level]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        show_progress=False,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    return tokenizer


def config() -> Any:
    """Qwen2, 1.7 million parameters. Both transformers and vLLM divide the width among the heads.

    A rotation turns away all that a far query and a key could have in common, except in the slow half of a head's
    dimensions. With heads of 32 and base 1e5, eight dimensions turn less than half a radian over 2,000 tokens, which is
    not enough to tell a hundred addresses apart; here it is thirty.
    """
    from transformers import Qwen2Config

    return Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=192,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=3,
        num_key_value_heads=3,
        max_position_embeddings=16_384,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000_000.0},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
        use_cache=True,
    )


def fresh_model(seed: int) -> Any:
    """Untrained weights, float32, the same for the same seed."""
    import torch
    from transformers import GenerationConfig, Qwen2ForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(config())
    model.generation_config = GenerationConfig(eos_token_id=0, pad_token_id=0, do_sample=False)
    return model


def attention() -> str:
    """Registers causal attention in blocks of queries, and returns its name: on a CPU in bfloat16 about twice as fast,
    forward and backward, as torch 2.13's fused kernel (heads of 32), because only matrix products do the work.

    For training: it knows no mask, so padding may only stand on the right, where nothing looks at it. Continuing from a
    cache goes to torch's kernel.
    """
    import torch
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    class Blocks(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, q: Any, k: Any, v: Any) -> Any:
            n, t, d = q.shape
            many, block = (16, 128) if t <= 1024 else (4, 256)
            mask = torch.full((block, block), float("-inf"), dtype=q.dtype).triu(1)
            out = torch.empty_like(q)
            q = q * d**-0.5
            saved = []
            for g in range(0, n, many):
                heads = slice(g, g + many)
                for i in range(0, t, block):
                    here = slice(i, i + block)
                    scores = torch.bmm(q[heads, here], k[heads, : i + block].transpose(1, 2))
                    scores[:, :, i:] += mask[: scores.shape[1], : scores.shape[2] - i]
                    weights = torch.softmax(scores, -1)
                    out[heads, here] = torch.bmm(weights, v[heads, : i + block])
                    saved.append((heads, here, i + block, weights))
            ctx.save_for_backward(q, k, v, out)
            ctx.blocks = saved
            return out

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            q, k, v, out = ctx.saved_tensors
            dq, dk, dv = torch.empty_like(q), torch.zeros(k.shape), torch.zeros(v.shape)
            mean = (grad * out).sum(-1, keepdim=True, dtype=torch.float32).to(q.dtype)
            for heads, here, end, weights in ctx.blocks:
                g = grad[heads, here]
                dv[heads, :end] += torch.bmm(weights.transpose(1, 2), g)
                ds = torch.baddbmm(mean[heads, here], g, v[heads, :end].transpose(1, 2), beta=-1).mul_(weights)
                dq[heads, here] = torch.bmm(ds, k[heads, :end])
                dk[heads, :end] += torch.bmm(ds.transpose(1, 2), q[heads, here])
            ctx.blocks = None
            return dq * q.shape[-1] ** -0.5, dk.to(k.dtype), dv.to(v.dtype)

    def blocks(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> tuple[Any, None]:
        if query.shape != key.shape:
            return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        b, h, t, d = query.shape
        dtype = torch.bfloat16 if torch.is_autocast_enabled("cpu") else query.dtype
        out = Blocks.apply(*(x.reshape(b * h, t, d).to(dtype) for x in (query, key, value)))
        return out.view(b, h, t, d).transpose(1, 2), None

    AttentionInterface.register("nano_blocks", blocks)
    return "nano_blocks"


def save_tokenizer(folder: Path) -> None:
    """Tokenizer files that AutoTokenizer and vLLM load unchanged: no chat template, as with a base model."""
    import json

    build_tokenizer().save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_prefix_space": False,
        "bos_token": None,
        "eos_token": END,
        "pad_token": END,
        "unk_token": None,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 16_384,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def save(model: Any, folder: Path) -> None:
    """A complete model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    save_tokenizer(folder)
