"""The stepper: one execution, state by state, beside its chain of thought. Needs gradio only once it is launched."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence

from tail_lite.errors import UsageError


def launch(host: str = "127.0.0.1", port: int | None = None, share: bool = False) -> None:
    """Serve the page until interrupted; an absent gradio or a taken port is a UsageError."""
    if importlib.util.find_spec("gradio") is None:
        raise UsageError('the app needs gradio: pip install "tail_lite[app]"')
    for switch in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_RUN_HISTORY"):  # read when gradio is imported and launched
        os.environ.setdefault(switch, "False")
    from tail_lite.app import page

    page.launch(host, port, share)


def main(arguments: Sequence[str] | None = None) -> None:
    """``python app.py [--host H] [--port P]``"""
    parser = argparse.ArgumentParser(prog="app.py", description="Step through a chain of thought in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860)")
    options = parser.parse_args(arguments)
    try:
        launch(options.host, options.port)
    except UsageError as error:
        print(f"app.py: {error}", file=sys.stderr)
        sys.exit(2)
