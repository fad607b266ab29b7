"""A package whose import fails."""

import a_module_that_is_missing  # noqa: F401
