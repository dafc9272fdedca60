"""tail_lite: teach a language model to imitate a Turing machine, and watch it generalise in length."""

__version__ = "0.1.0"
