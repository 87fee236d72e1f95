"""Reads the settings and checks them: all that is wrong is said at once."""

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from bot.domain.way import Ways
from bot.settings import Settings, SettingsError
from bot.settings_together import problems


def load(ways: Ways, **overrides: object) -> Settings:
    """Read and check the settings; people in them have addresses on `ways`.

    Raises SettingsError with all that is wrong.
    """
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # values are parsed like the environment's
    except ValidationError as error:
        wrong = _wrong(error)
        rest = _but_for(wrong, overrides)
        raise SettingsError(*wrong.values(), *problems(rest, ways, tuple(wrong))) from None
    except UnicodeDecodeError:
        raise SettingsError(".env: is no text in UTF-8; save it as that") from None
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if found := problems(settings, ways):
        raise SettingsError(*found)
    return settings


def _wrong(error: ValidationError) -> dict[str, str]:
    """What is said of each setting that cannot be read; the first, where there are several."""
    wrong: dict[str, str] = {}
    for one in error.errors():
        name = str(one["loc"][0])
        reason = str(one["msg"]).removeprefix("Value error, ")
        wrong.setdefault(name, f"{name.upper()}: {reason}")
    return wrong


def _but_for(names: Iterable[str], overrides: Mapping[str, object]) -> Settings:
    """The settings with the default in the place of each of these."""
    defaults = {name: Settings.model_fields[name].default for name in names}
    return Settings(**{**overrides, **defaults})
