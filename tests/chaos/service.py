"""python -m tests.chaos.service order: one of our services as it is, but that it dies where a flag says so."""

from __future__ import annotations

import sys
from importlib import import_module

from shared.messaging.app import serve
from tests.toy.hooks import obey

if __name__ == "__main__":
    obey(sys.argv[1])
    serve(import_module(f"services.{sys.argv[1]}.__main__").app)
