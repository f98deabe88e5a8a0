"""Mistakes with the check character.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  What a mutant gets wrong it does with its own arithmetic; everything else it
leaves to `Correct`.
"""

import re
import unicodedata

from conformance.reference.correct import Correct, Result, mutant
from conformance.reference.usi_client import UsiClient

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # on its own: a mutant never borrows from protocol/

# What cannot be shown where right USIs are refused, or where everything of the right form is accepted.
_ALL_OF_VALIDATE = tuple(f"USI-CHK-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12))


def _total(text, *, first=1, base=32, alphabet=_ALPHABET):
    """Return Luhn's sum of a text from the right; `first` is the factor of its last character, 1 or 2."""
    total = 0
    for place, character in enumerate(reversed(text)):
        product = alphabet.index(character) * (1 + (first + place + 1) % 2)
        total += product // base + product % base
    return total


class _OwnArithmetic(Correct):
    """Sees to the form of a USI like the right implementation and then asks its own `fits`."""

    def fits(self, usi: str) -> bool:
        """Tell whether the check character of a text of the right form is right."""
        return _total(usi) % 32 == 0

    def usi_validate(self, usi: object) -> Result:
        answer = super().usi_validate(usi)
        if answer["status"] == "rejected" and answer["reason"] != "usi.check_character":
            return answer
        return self.ok() if self.fits(usi) else self.refused("usi.check_character")


# --- the sum is wrong, so that right USIs are refused ---------------------------------------------


@mutant(
    kills="USI-CHK-01",
    subcode="rejected_valid",
    seen_in="likely: ports of the decimal method of bank cards, which include the check digit in their count",
    mend="Double the character just before the check character, then every other one towards the left.",
    also=_ALL_OF_VALIDATE,
)
class FactorsBeginWithOne(_OwnArithmetic):
    """Doubles the second character from the right of the stem where it should double the first."""

    def fits(self, usi):
        return (_total(usi[:9], first=1) + _ALPHABET.index(usi[9])) % 32 == 0


@mutant(
    kills="USI-CHK-01",
    subcode="rejected_valid",
    seen_in="likely: ports that stop at 'double every other value'",
    mend="Split each product into its two base-32 digits and add both: product // 32 + product % 32.",
    also=_ALL_OF_VALIDATE,
)
class SkipsTheDigitSum(_OwnArithmetic):
    """Adds each product as it is, without adding its two digits first."""

    def fits(self, usi):
        return sum(_ALPHABET.index(c) * (1 + place % 2) for place, c in enumerate(reversed(usi))) % 32 == 0


@mutant(
    kills="USI-CHK-01",
    subcode="rejected_valid",
    seen_in="likely: the decimal method copied with its subtraction of 9",
    mend="The digit sum of a product above 31 is the product less 31, not less 9.",
    also=_ALL_OF_VALIDATE,
)
class SubtractsNine(_OwnArithmetic):
    """Makes a digit sum as one does in base 10, by taking away 9."""

    def fits(self, usi):
        products = [_ALPHABET.index(c) * (1 + place % 2) for place, c in enumerate(reversed(usi))]
        return sum(product - 9 if product > 31 else product for product in products) % 32 == 0


@mutant(
    kills="USI-CHK-01",
    subcode="rejected_valid",
    seen_in="likely: general 'Luhn mod N' snippets, whose N is 36 for letters and digits",
    mend="N is the number of characters in the alphabet: 32.",
    also=_ALL_OF_VALIDATE,
)
class SumsModuloThirtySix(_OwnArithmetic):
    """Takes 36 for the base, as if all letters and digits belonged to the alphabet."""

    def fits(self, usi):
        return _total(usi, base=36) % 36 == 0


@mutant(
    kills="USI-CHK-01",
    subcode="rejected_valid",
    seen_in="likely: code that reads '32 minus the remainder' to the letter",
    mend="Take the remainder once more: (32 - sum % 32) % 32.",
    also=("USI-CHK-03", "USI-CHK-04", "USI-CHK-05", "USI-CHK-06", "USI-CHK-08", "USI-CHK-11", "USI-CHK-12"),
)
class LeavesThirtyTwo(_OwnArithmetic):
    """Looks for a character of value 32 where 32 divides the sum; there is none."""

    def fits(self, usi):
        return _ALPHABET.index(usi[9]) == 32 - _total(usi[:9], first=2) % 32


@mutant(
    kills="USI-CHK-01",
    subcode="rejected_valid",
    seen_in="likely: projects that took a ready base-32 alphabet from a library",
    mend="Write the alphabet out: 2 to 9, then A to Z without I and O.",
    also=_ALL_OF_VALIDATE,
)
class BorrowsAnotherAlphabet(_OwnArithmetic):
    """Takes the values from Crockford's alphabet, which has 0 and 1 and lacks L and U."""

    def fits(self, usi):
        crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        return set(usi) <= set(crockford) and _total(usi, alphabet=crockford) % 32 == 0


# --- the sum is not asked, or not asked sternly ---------------------------------------------------


@mutant(
    kills="USI-CHK-02",
    subcode="accepted_invalid",
    seen_in="likely: a stub that was to be filled in later",
    mend="Check the form, then compute the check character and compare it.",
    also=_ALL_OF_VALIDATE,
)
class AcceptsEverything(Correct):
    """Accepts whatever it is given."""

    def usi_validate(self, usi):
        return self.ok()


@mutant(
    kills="USI-CHK-02",
    subcode="accepted_invalid",
    seen_in="public: a PHP client of a training provider, which tests the format only",
    mend="Compute the check character and compare it, after the form is known to be right.",
    also=("USI-CHK-03", "USI-CHK-04", "USI-CHK-12"),
)
class LooksAtTheFormOnly(_OwnArithmetic):
    """Accepts every text of ten characters of the alphabet."""

    def fits(self, usi):
        return True


@mutant(
    kills="USI-CHK-02",
    subcode="accepted_invalid",
    seen_in="public: an extractor that searches in lower case and validates in upper case",
    mend="Fold the case first, then do everything else with the folded text.",
)
class TrustsLowerCase(_OwnArithmetic):
    """Accepts lower case, but leaves out the check character on that branch."""

    def usi_validate(self, usi):
        if isinstance(usi, str) and usi.isascii() and usi != usi.upper():
            form = super().usi_validate(usi.upper())
            if form["status"] == "ok" or form["reason"] == "usi.check_character":
                return self.ok()
        return super().usi_validate(usi)


@mutant(
    kills="USI-CHK-03",
    subcode="accepted_invalid",
    seen_in="likely: a product that kept its old, wrong method 'for USIs that are already stored'",
    mend="There is one method. Delete the other and look at what it let in.",
    also=("USI-CHK-02", "USI-CHK-04", "USI-CHK-12"),
)
class TriesBothFactorOrders(_OwnArithmetic):
    """Accepts a USI when either order of the factors makes the sum come out."""

    def fits(self, usi):
        return _total(usi) % 32 == 0 or (_total(usi[:9], first=1) + _ALPHABET.index(usi[9])) % 32 == 0


@mutant(
    kills="USI-CHK-04",
    subcode="accepted_invalid",
    seen_in="likely: forms that 'help' with typing mistakes",
    mend="Refuse, and let the person look again; never guess which USI was meant.",
    also=("USI-CHK-02", "USI-CHK-03", "USI-CHK-12"),
)
class ForgivesASwapAtTheEnd(_OwnArithmetic):
    """Accepts a USI that would be right if its last two characters were swapped."""

    def fits(self, usi):
        return _total(usi) % 32 == 0 or _total(usi[:8] + usi[9] + usi[8]) % 32 == 0


@mutant(
    kills="USI-CHK-12",
    subcode="accepted_invalid",
    seen_in="likely: a sum kept in too few bits",
    mend="Compare the whole check value, 0 to 31.",
    also=("USI-CHK-02", "USI-CHK-03", "USI-CHK-04"),
)
class ComparesFourBits(_OwnArithmetic):
    """Compares the lower four bits of the check value and so accepts two check characters for each stem."""

    def fits(self, usi):
        return _total(usi) % 16 == 0


# --- length ---------------------------------------------------------------------------------------


@mutant(
    kills="USI-CHK-05",
    subcode="accepted_invalid",
    seen_in="public: general Luhn libraries, which take a text of any length",
    mend="Ask for ten characters before you compute anything.",
    also=("USI-CHK-08",),
)
class TakesAnyLength(Correct):
    """Accepts a text of any length whose sum comes out."""

    def usi_validate(self, usi):
        answer = super().usi_validate(usi)
        if answer.get("reason") == "usi.length" and set(usi) <= set(_ALPHABET) and _total(usi) % 32 == 0:
            return self.ok()
        return answer


@mutant(
    kills="USI-CHK-05",
    subcode="accepted_invalid",
    seen_in="likely: a database column of ten characters that cuts without a word",
    mend="Check what was entered, not what was stored.",
    also=("USI-CHK-06", "USI-CHK-08"),
)
class CutsAfterTen(Correct):
    """Looks at the first ten characters only."""

    def usi_validate(self, usi):
        return super().usi_validate(usi[:10] if isinstance(usi, str) else usi)


# --- alphabet -------------------------------------------------------------------------------------


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="public: a profile-field plug-in for a learning platform",
    mend="Refuse what is not in the alphabet before you look up its value.",
    also=("USI-CHK-02", "USI-CHK-07", "USI-CHK-08", "USI-CHK-09"),
)
class UnknownCharacterCountsAsZero(Correct):
    """Takes the index of an unknown character, which its language gives as -1 or false, for the value 0."""

    def usi_validate(self, usi):
        answer = super().usi_validate(usi)
        if answer.get("reason") != "usi.alphabet":
            return answer
        known = "".join(character if character in _ALPHABET else "2" for character in usi)
        return self.ok() if _total(known) % 32 == 0 else self.refused("usi.check_character")


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: decoders of other base-32 alphabets, where O stands for 0 and I for 1",
    mend="Refuse 0, 1, I and O; in this alphabet they are aliases of nothing.",
)
class MapsLookAlikes(Correct):
    """Reads 0 and O as Q, and 1 and I as L."""

    def usi_validate(self, usi):
        if isinstance(usi, str) and len(usi) == 10:
            usi = usi.translate(str.maketrans("0O1I", "QQLL"))
        return super().usi_validate(usi)


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: clean-up functions written for telephone and card numbers",
    mend="Trim the two ends at most; what stands between two characters is a mistake.",
    also=("USI-CHK-08",),
)
class DropsSeparators(Correct):
    """Takes out whatever is no letter or digit, wherever it stands."""

    def usi_validate(self, usi):
        return super().usi_validate(re.sub("[^0-9A-Za-z]", "", usi) if isinstance(usi, str) else usi)


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: search indexes and forms that normalise all input to NFKC",
    mend="Compare with the 32 characters as they are; normalise nothing.",
)
class FoldsFullWidth(Correct):
    """Normalises to NFKC, which makes plain letters of full-width, circled and bold ones."""

    def usi_validate(self, usi):
        return super().usi_validate(unicodedata.normalize("NFKC", usi) if isinstance(usi, str) else usi)


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: \\d in regular expressions, which matches every script's digits on many platforms",
    mend="Write 2-9 where you mean 2 to 9.",
)
class TakesDigitsOfAnyScript(Correct):
    """Takes a digit of any script, and a raised or circled one, for the digit of the alphabet."""

    def usi_validate(self, usi):
        if isinstance(usi, str):
            usi = "".join(str(unicodedata.digit(character, character)) for character in usi)
        return super().usi_validate(usi)


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: transliteration to ASCII on the way to a file or a data base",
    mend="Refuse what is not in the alphabet; transliterate nothing.",
)
class Transliterates(Correct):
    """Takes Greek, Cyrillic and Cherokee letters for the Latin ones that look like them."""

    def usi_validate(self, usi):
        if isinstance(usi, str):
            usi = usi.translate(str.maketrans("ΑΒΕΗΚΜΝΡΤΧАВЕКМНРСТХᎶ", "ABEHKMNPTXABEKMHPCTXG"))
        return super().usi_validate(usi)


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: languages whose texts are bytes",
    mend="Refuse what is not in the alphabet before you measure or compute.",
)
class CountsBytes(Correct):
    """Measures and sums bytes of UTF-8, those above 127 with the value 0."""

    def usi_validate(self, usi):
        if not isinstance(usi, str) or usi.isascii():
            return super().usi_validate(usi)
        units = [chr(byte) if byte < 128 else "2" for byte in usi.encode()]
        return super().usi_validate("".join(units))


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: any language whose upper-casing knows all of Unicode",
    mend="Fold a to z only, or check the alphabet before you fold.",
)
class UppercasesAllOfUnicode(Correct):
    """Upper-cases with the rules of Unicode, by which long s becomes S and sharp s SS."""

    def usi_validate(self, usi):
        return super().usi_validate(usi.upper() if isinstance(usi, str) else usi)


@mutant(
    kills="USI-CHK-06",
    subcode="accepted_invalid",
    seen_in="likely: native extensions that hand a text to C",
    mend="Refuse a text with NUL in it before it leaves the managed language.",
)
class StopsAtNul(Correct):
    """Reads a text up to its first NUL."""

    def usi_validate(self, usi):
        return super().usi_validate(usi.split("\0")[0] if isinstance(usi, str) else usi)


# --- what people type, and what is no text ---------------------------------------------------------


@mutant(
    kills="USI-CHK-07",
    subcode="wrong_reason",
    seen_in="public: a profile-field plug-in for a learning platform, which knows one message for everything",
    mend="Fold a to z before you compute, or refuse them as characters outside the alphabet.",
)
class BlamesTheCheckCharacterForLowerCase(Correct):
    """Tells who typed a right USI in lower case that its check character is wrong."""

    def usi_validate(self, usi):
        upper = usi.upper() if isinstance(usi, str) and usi.isascii() else usi
        if upper != usi and super().usi_validate(upper)["status"] == "ok":
            return self.refused("usi.check_character")
        return super().usi_validate(usi)


@mutant(
    kills="USI-CHK-08",
    subcode="crash",
    seen_in="likely: validators that measure before they ask whether there is anything",
    mend="Take a missing value for what it is: not a USI.",
)
class CrashesOnNull(Correct):
    """Asks a missing value for its length."""

    def usi_validate(self, usi):
        if usi is None:
            return len(usi)
        return super().usi_validate(usi)


@mutant(
    kills="USI-CHK-08",
    subcode="accepted_invalid",
    seen_in="likely: languages that make a text of anything; spreadsheets that made a number of a USI",
    mend="Refuse what is not a text; do not convert it.",
)
class AcceptsNumbers(Correct):
    """Makes a text of a number and accepts that."""

    def usi_validate(self, usi):
        is_number = isinstance(usi, int) and not isinstance(usi, bool)
        return super().usi_validate(str(usi) if is_number else usi)


@mutant(
    kills="USI-CHK-08",
    subcode="accepted_invalid",
    seen_in="likely: JavaScript, where the text of a list with one member is that member; Python",
    mend="Test the type first: typeof usi === 'string', isinstance(usi, str).",
)
class JoinsLists(Correct):
    """Accepts a list whose members make a right USI, one after another."""

    def usi_validate(self, usi):
        is_texts = isinstance(usi, list) and all(isinstance(member, str) for member in usi)
        return super().usi_validate("".join(usi) if is_texts else usi)


@mutant(
    kills="USI-CHK-08",
    subcode="crash",
    seen_in="likely: sums written as recursion",
    mend="Ask for ten characters before you compute anything.",
    also=("USI-CHK-05",),
)
class RecursesPerCharacter(Correct):
    """Computes the sum by calling itself per character before it looks at the length."""

    def usi_validate(self, usi):
        if isinstance(usi, str):
            self._walk(usi, 0)
        return super().usi_validate(usi)

    def _walk(self, usi, place):
        return place if place == len(usi) else self._walk(usi, place + 1)


# --- reporting codes ------------------------------------------------------------------------------


@mutant(
    kills="USI-CHK-09",
    subcode="accepted_invalid",
    seen_in="likely: student systems whose USI field doubles as the field of the statistics",
    mend="Keep the exemption in a field of its own.",
)
class AcceptsReportingCodes(Correct):
    """Accepts the reporting codes, because the statistics allow them in the field of the USI."""

    def usi_validate(self, usi):
        if usi in ("INDIV", "INTOFF", "SHORT"):
            return self.ok()
        return super().usi_validate(usi)


# --- the check character itself -------------------------------------------------------------------


@mutant(
    kills="USI-CHK-11",
    subcode="wrong_value",
    seen_in="likely: generators of test data that were never checked against a published USI",
    mend="The check value is what is missing to the next multiple of 32: -sum % 32.",
    also=("USI-CHK-13",),
)
class ForgetsTheMinus(Correct):
    """Gives the character of the sum in place of the one that is missing to a multiple of 32."""

    def usi_check_character(self, stem):
        answer = super().usi_check_character(stem)
        return self.ok(_ALPHABET[_total(stem, first=2) % 32]) if answer["status"] == "ok" else answer


@mutant(
    kills="USI-CHK-13",
    subcode="accepted_invalid",
    seen_in="public: general Luhn libraries",
    mend="Ask for nine characters before you compute anything.",
)
class CompletesAnyStem(Correct):
    """Gives a check character for any number of characters."""

    def usi_check_character(self, stem):
        answer = super().usi_check_character(stem)
        if answer.get("reason") == "usi.length" and set(stem) <= set(_ALPHABET):
            return self.ok(_ALPHABET[-_total(stem, first=2) % 32])
        return answer


@mutant(
    kills="USI-CHK-13",
    subcode="accepted_invalid",
    seen_in="public: a profile-field plug-in for a learning platform",
    mend="Refuse what is not in the alphabet before you look up its value.",
)
class CompletesUnknownCharacters(Correct):
    """Gives a check character for a stem with unknown characters, each of which counts 0."""

    def usi_check_character(self, stem):
        answer = super().usi_check_character(stem)
        if answer.get("reason") != "usi.alphabet":
            return answer
        known = "".join(character if character in _ALPHABET else "2" for character in stem)
        return self.ok(_ALPHABET[-_total(known, first=2) % 32])


# --- what is sent ---------------------------------------------------------------------------------


@mutant(
    kills="USI-CHK-09",
    subcode="accepted_invalid",
    seen_in="likely: student systems whose USI field doubles as the field of the statistics",
    mend="Leave students with an exemption out of what is sent.",
)
class SendsReportingCodes(Correct):
    """Sends a reporting code to the registry as if it were a USI."""

    class Registry(UsiClient):
        def usi(self, typed):
            return typed if typed in ("INDIV", "INTOFF", "SHORT") else super().usi(typed)


@mutant(
    kills="USI-CHK-10",
    subcode="accepted_invalid",
    seen_in="likely: products that check in the entry form and not in imports",
    mend="Check in the one place through which every request passes.",
)
class LeavesTheCheckToTheRegistry(Correct):
    """Sends whatever was entered as a USI, reporting codes apart."""

    class Registry(UsiClient):
        def usi(self, typed):
            return super().usi(typed) if typed in ("INDIV", "INTOFF", "SHORT") else typed.strip().upper()


@mutant(
    kills="USI-CHK-10",
    subcode="accepted_invalid",
    seen_in="likely: input that is folded behind the check instead of before it",
    mend="Fold first, then check what is going to be sent.",
)
class SendsLowerCaseUnchecked(Correct):
    """Takes what was typed in lower case to capitals and sends it without a check."""

    class Registry(UsiClient):
        def usi(self, typed):
            folded = isinstance(typed, str) and typed != typed.upper()
            return typed.strip().upper() if folded else super().usi(typed)


@mutant(
    kills="USI-CHK-14",
    subcode="wrong_value",
    seen_in="public: a Go validator that folds for its own check and leaves the text as it was",
    mend="Fold once where the USI comes in, keep only the folded text, and send that.",
)
class SendsWhatWasTyped(Correct):
    """Checks a folded copy and then sends the text as it was typed."""

    class Registry(UsiClient):
        def usi(self, typed):
            super().usi(typed)
            return typed
