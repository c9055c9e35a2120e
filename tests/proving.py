"""The stand-alone verifier of examples/, as a module: it needs nothing of ours."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

VERIFIER = Path(__file__).parents[1] / "examples" / "verify_proof.py"


def verifier() -> Any:
    spec = spec_from_file_location("verify_proof", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    found = module_from_spec(spec)
    sys.modules[spec.name] = found  # where its dataclasses look for their types
    spec.loader.exec_module(found)
    return found
