"""What is handed over, one value at a time: trimmed, of the right form, or refused before it is sent.

zeep checks neither lengths nor patterns nor enumerations, and the schema passes much that the registry does
not.  No text here quotes a value: what people typed, documents above all, is for no log.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from conformance.protocol import checksum
from conformance.protocol.operations import EXTENSIONS, TYPE_KEY, Choice, Element, Simple, Structure
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client.calls import LEFT_OUT
from conformance.reference.usi_client.exchange import Exchange

NAME_LENGTH: Final = 40
MIDDLE_NAME_LENGTH: Final = 80
NAMES: Final = frozenset(
    {
        "FirstName",
        "FamilyName",
        "SingleName",
        "PreferredFirstName",
        "PreferredFamilyName",
        "PreferredSingleName",
    }
)
"""Elements that hold a name of up to `NAME_LENGTH` characters."""

_ORG_CODE: Final = re.compile(r"[A-Za-z0-9]{1,8}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_KINDS: Final = {kind.name: kind for kind in EXTENSIONS}


def invalid(text: str) -> Refusal:
    """Return the refusal to send such a request, with a sentence for the user."""
    return Refusal("request.invalid", text=text)


class Elements(Exchange):
    """Makes the elements of a request of what is handed over."""

    def fill(self, structure: Structure, values: object, where: str) -> dict[str, Any]:
        """Return the content of an element: complete, in its form, and without empty optional elements.

        What the client fills in by itself is neither demanded nor taken.

        Args:
            structure: the type as the table has it.
            values: element names and values; for an abstract type also `xsi:type`.
            where: name of the element, for messages.

        Raises:
            Refusal: `usi.…` or `request.invalid`.
        """
        if not isinstance(values, Mapping):
            raise invalid(f"{where} holds elements.")
        concrete = self.concrete(structure, values.get(TYPE_KEY), where)
        if any(name not in concrete.by_name or name in LEFT_OUT for name in values if name != TYPE_KEY):
            raise invalid(f"{where} takes {', '.join(n for n in concrete.by_name if n not in LEFT_OUT)}.")
        filled: dict[str, Any] = {}
        if concrete is not structure:
            filled[TYPE_KEY] = concrete.name
        for part in concrete.content:
            if isinstance(part, Choice):
                filled.update(self.branch(part, values, where))
            elif part.name not in LEFT_OUT:
                filled.update(self.element(part, values, where))
        return filled

    def concrete(self, structure: Structure, kind: object, where: str) -> Structure:
        """Return the structure itself, or the extension of an abstract one that `xsi:type` names."""
        if not structure.abstract:
            if kind is not None:
                raise invalid(f"{where} is of one kind only.")
            return structure
        if not isinstance(kind, str) or kind not in _KINDS:
            raise invalid(f"{where} says by {TYPE_KEY} which document it is: {', '.join(_KINDS)}.")
        return _KINDS[kind]

    def branch(self, choice: Choice, values: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return the elements of exactly one branch; of none where none is needed and none is given."""
        given = [
            branch
            for branch in choice.branches
            if any(not self.absent(values.get(part.name)) for part in branch)
        ]
        needed = not choice.optional and all(
            any(not part.optional for part in branch) for branch in choice.branches
        )
        if len(given) > 1 or (needed and not given):
            forms = " or ".join(
                " and ".join(part.name for part in branch if not part.optional or not needed)
                for branch in choice.branches
            )
            raise invalid(f"{where} takes {forms}, and not both.")
        filled: dict[str, Any] = {}
        for part in given[0] if given else ():
            filled.update(self.element(part, values, where))
        return filled

    def absent(self, value: object) -> bool:
        """Tell whether nothing was handed over; an empty optional element is not sent."""
        if isinstance(value, Mapping):
            return all(self.absent(item) for name, item in value.items() if name != TYPE_KEY)
        return value is None or (isinstance(value, str) and not value.strip())

    def element(self, element: Element, values: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return one element by its name, or nothing where it is optional and absent."""
        value = values.get(element.name)
        if self.absent(value) and (element.optional or element.name not in values):
            if element.optional:
                return {}
            raise invalid(f"{where} lacks {element.name}.")
        if isinstance(element.type, Structure):
            return {element.name: self.fill(element.type, value, element.name)}
        return {element.name: self.value(element, element.type, value)}

    def value(self, element: Element, form: Simple, typed: object) -> str | int | bool:
        """Return one value as it is sent."""
        if form.name == "USIType":
            return self.usi(typed)
        if element.name in NAMES:
            return self.person_name(typed)
        if element.name == "MiddleName":
            return self.middle_name(typed)
        if form.union:
            return self.expiry(typed)
        if form.base == "date":
            return self.date(typed)
        if form.base == "boolean":
            return self.boolean(element.name, typed)
        if form.base == "int":
            return self.number(element.name, typed)
        return self.text(element.name, form, typed)

    # --- single values ------------------------------------------------------------------------------

    def organisation(self, code: str) -> str:
        """Return the organisation's code as it is configured."""
        if not _ORG_CODE.fullmatch(code):
            raise invalid("An organisation code has up to eight letters and digits.")
        return code

    def usi(self, typed: object) -> str:
        """Return a USI as it is sent; what a person typed in lower case or with blanks around is folded."""
        usi = checksum.fold(typed) if isinstance(typed, str) else typed
        for reason in checksum.reasons(usi):
            raise Refusal(reason)
        return str(usi)

    def person_name(self, typed: object) -> str:
        """Return a name without blanks at its ends; blanks inside are the person's own."""
        return self.name_of(typed, NAME_LENGTH)

    def middle_name(self, typed: object) -> str:
        """Return middle names, likewise."""
        return self.name_of(typed, MIDDLE_NAME_LENGTH)

    def name_of(self, typed: object, most: int) -> str:
        """Return a name of at most so many characters."""
        name = typed.strip() if isinstance(typed, str) else ""
        if not 0 < len(name) <= most or not all(character.isprintable() for character in name):
            raise invalid(f"A name has 1 to {most} printable characters.")
        return name

    def date(self, typed: object) -> str:
        """Return a date as the registry wants it: yyyy-mm-dd, with neither time nor zone."""
        try:
            if isinstance(typed, str) and _DATE.fullmatch(typed):
                return date.fromisoformat(typed).isoformat()
        except ValueError:
            pass
        raise invalid("A date is a real date, written yyyy-mm-dd.")

    def expiry(self, typed: object) -> str:
        """Return the end of a card's validity: a date, or a month as yyyy-mm."""
        if isinstance(typed, str) and _MONTH.fullmatch(typed):
            return typed
        return self.date(typed)

    def boolean(self, name: str, typed: object) -> bool:
        """Return a truth value; neither a text nor a number is one."""
        if not isinstance(typed, bool):
            raise invalid(f"{name} is true or false.")
        return typed

    def number(self, name: str, typed: object) -> int:
        """Return a whole number that xs:int can hold."""
        if not isinstance(typed, int) or isinstance(typed, bool) or not -(2**31) <= typed < 2**31:
            raise invalid(f"{name} is a whole number.")
        return typed

    def text(self, name: str, form: Simple, typed: object) -> str:
        """Return a text without blanks at its ends, which fits every facet of its type."""
        text = typed.strip() if isinstance(typed, str) else ""
        if not text or not all(character.isprintable() for character in text):
            raise invalid(f"{name} is a text of printable characters.")
        if form.values and text not in form.values:
            raise invalid(f"{name} is one of {', '.join(form.values)}.")
        least, most = form.length or form.min_length or 1, form.length or form.max_length
        if len(text) < least or (most is not None and len(text) > most):
            raise invalid(f"{name} has {least if least == most else f'{least} to {most}'} characters.")
        if form.pattern and not re.fullmatch(form.pattern, text, re.ASCII):
            raise invalid(f"{name} is not of its form, which is {form.pattern}.")
        return text
