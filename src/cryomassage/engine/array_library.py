"""NumPy for what only has to be known, JAX for what is traced or differentiated."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def library_of(*values: Any) -> Any:
    """JAX where any of the values is its array, else NumPy, which compiles nothing and is exact to 16 digits."""
    return jnp if any(isinstance(value, jax.Array) for value in values) else np
