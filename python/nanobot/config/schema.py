"""The base of typed config sections."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Base(BaseModel):
    """A config section whose keys may be written in camelCase or in snake_case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
