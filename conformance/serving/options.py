"""Texts of a command line as settings of token service and registry, and as the error of their clock."""

import re
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import Enum
from itertools import chain
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from conformance.errors import OperatorError
from conformance.protocol import security, soap, token, trust
from conformance.simulators import sts
from conformance.simulators.registry import RegistrySettings
from conformance.simulators.sts import Settings

_Settings = TypeVar("_Settings", Settings, RegistrySettings)

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AMOUNT: Final = re.compile(r"([0-9]{1,7})([smhd])")
_YES: Final = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_NONE: Final = ("none", "unset")

_FORMS: Final = (
    ("_subcode", re.compile(r"\{[!-z|~]{1,200}\}[A-Za-z][A-Za-z0-9]{0,60}"), "{NAMESPACE}Name"),
    ("_code", re.compile(r"E[0-9]{4}"), "an event code, such as E2015"),
    ("fault_prefix", re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,30}"), "a prefix of XML, such as soap or s"),
    ("fault_status", re.compile(r"[45][0-9]{2}"), "an HTTP status from 400 to 599"),
    ("", re.compile(r"[a-z]+:[!-~]{1,200}"), "a URI"),
)
"""End of a setting's name, and what its text must look like beyond its type.  The last is for other texts."""

_RULES: Final = frozenset({**soap.RULES, **security.RULES, **trust.RULES, **token.RULES, **sts.RULES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting that a command line can set."""

    name: str
    service: str
    """`token service` or `registry`."""
    default: str
    """Its text; can be typed back, but for a set of rules, of which changes are typed."""
    choices: tuple[str, ...] = ()
    """The only values, where there are few."""


def names(kind: type[Settings] | type[RegistrySettings]) -> tuple[str, ...]:
    """Return the settings of one service that a command line can set."""
    hints = get_type_hints(kind)
    return tuple(field.name for field in fields(kind) if _kind(hints[field.name]) is not None)


def settings() -> Iterator[Setting]:
    """Yield each setting that a command line can set."""
    for service, healthy in _SERVICES:
        hints = get_type_hints(type(healthy))
        for name in names(type(healthy)):
            value = getattr(healthy, name)
            text = "; ".join(sorted(value)) if isinstance(value, frozenset) else _text(value)
            choices = _choices(hints[name])
            yield Setting(name=name, service=service, default=text, choices=choices)


_SERVICES: Final = (("token service", Settings()), ("registry", RegistrySettings()))


def _choices(hint: object) -> tuple[str, ...]:
    kind = _kind(hint)
    found: tuple[str, ...] = ()
    if kind is bool:
        found = ("yes", "no")
    elif isinstance(kind, type) and issubclass(kind, Enum):
        found = tuple(str(member.value) for member in kind)
    return (*found, _NONE[0]) if found and type(None) in get_args(hint) else found


def _text(value: object) -> str:
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 60}m" if seconds and seconds % 60 == 0 else f"{seconds}s"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value) or "(empty)"


def divided(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Divide texts of the form `NAME=VALUE` into those for the token service and those for the registry.

    Raises:
        OperatorError: there is no such setting, or a text is not of that form.
    """
    known = names(Settings), names(RegistrySettings)
    found: tuple[list[str], list[str]] = ([], [])
    for text in texts:
        name, separator, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not separator or name not in (*known[0], *known[1]):
            raise OperatorError(
                f"There is no setting {name!r}." if separator else "A setting needs a name and a value.",
                expected=f"NAME=VALUE, NAME one of {', '.join((*known[0], *known[1]))}",
                found=text,
                where="--setting",
            )
        found[name in known[1]].append(f"{name}={value.strip()}")
    return found


def settings_of(texts: Iterable[str], settings: _Settings) -> _Settings:
    """Return settings of one service changed by texts, the later ones on top of the earlier.

    Args:
        texts: of the form `NAME=VALUE`, as `divided` gives them.
        settings: what they change.

    Raises:
        OperatorError: there is no such setting of this service, or the value does not fit it.
    """
    hints = get_type_hints(type(settings))
    known = names(type(settings))
    for text in chain.from_iterable(divided(texts)):
        name, _, value = text.partition("=")
        if name not in known:
            raise OperatorError(
                f"There is no setting {name!r}.",
                expected=", ".join(known),
                found=text,
                where="--setting",
            )
        settings = replace(settings, **{name: _value(name, hints[name], value, settings)})
    return settings


def offset_of(text: str, where: str = "--clock-offset") -> timedelta:
    """Return how far a clock is to be off: `+6m`, `-4m`, `+90s`, `0`.

    Raises:
        OperatorError: the text is none.
    """
    amount = _amount(text.lstrip("+-")) if len(text) - len(text.lstrip("+-")) <= 1 else None
    if text in ("0", "0s"):
        return timedelta()
    if amount is None or text[0] not in "+-":
        raise OperatorError(
            "The offset of the clock cannot be read.",
            expected="a sign, a whole number and s, m, h or d: +6m is six minutes ahead, -4m four behind",
            found=text,
            where=where,
        )
    return -amount if text[0] == "-" else amount


def _amount(text: str) -> timedelta | None:
    found = _AMOUNT.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def _kind(hint: object) -> Any:  # noqa: ANN401 - a type, or what stands for one
    """Return the type that a text is read as; None where no text can stand for a value."""
    if get_origin(hint) in (Union, types.UnionType):
        one = [each for each in get_args(hint) if each is not type(None)]
        hint = one[0] if len(one) == 1 else None
    if hint == frozenset[str]:
        return hint
    if isinstance(hint, type) and (hint in (str, int, bool, timedelta) or issubclass(hint, Enum)):
        return hint
    return None


def _value(name: str, hint: object, text: str, settings: Settings | RegistrySettings) -> Any:  # noqa: ANN401 - as the field's
    kind = _kind(hint)
    optional = type(None) in get_args(hint)
    if kind is str or name == "fault_status":
        _, form, expected = next(row for row in _FORMS if name.endswith(row[0]))
        may_be_empty = kind is str and not getattr(type(settings)(), name)
        if not (form.fullmatch(text) or (may_be_empty and not text)):
            raise _refused(name, text, expected + (", or nothing" if may_be_empty else ""))
    if optional and text.lower() in _NONE:
        return None
    none = " or none" if optional else ""
    if kind is bool:
        if text.lower() not in _YES:
            raise _refused(name, text, f"yes or no{none}")
        return _YES[text.lower()]
    if kind is int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise _refused(name, text, f"a whole number{none}")
        return int(text)
    if kind is timedelta and name == "clock_offset":
        return offset_of(text, "--setting")
    if kind is timedelta:
        amount = _amount(text)
        if not amount:
            raise _refused(name, text, f"a whole number from 1 on and s, m, h or d, such as 30m{none}")
        return amount
    if kind == frozenset[str]:
        return _changed(name, text, getattr(settings, name))
    if issubclass(kind, Enum):
        for member in kind:
            if text.lower().replace("_", " ") in (str(member.value).replace("_", " "), member.name.lower()):
                return member
        raise _refused(name, text, " or ".join(repr(str(member.value)) for member in kind) + none)
    return text


def _changed(name: str, text: str, codes: frozenset[str]) -> frozenset[str]:
    """Return a set of rules with some added and others taken away."""
    for item in filter(None, (part.strip() for part in text.split(","))):
        sign, code = item[0], item[1:]
        if sign not in "+-" or code not in _RULES:
            raise _refused(
                name, item, "+CODE or -CODE, several with commas between; CODE as findings have it"
            )
        codes = codes | {code} if sign == "+" else codes - {code}
    return codes


def _refused(name: str, text: str, expected: str) -> OperatorError:
    return OperatorError(
        f"The setting {name} cannot be that.", expected=expected, found=text or "nothing", where="--setting"
    )
