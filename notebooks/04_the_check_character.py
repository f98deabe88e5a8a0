# %% [markdown]
# # 4. The check character
# *Fifteen minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# A student reads you a USI over the phone. Can you tell that one letter is wrong before you ask the registry?
# You can. This page shows how it is done, by hand, and then how far it can be trusted.
#
# What is said here of the method comes from the check-character algorithm of the USI developer kit;
# what is said of the form comes from the published WSDL of the USI service, simple type `USI`.

# %%
from conformance.protocol.checksum import ALPHABET, check_character, is_valid

ALPHABET, len(ALPHABET)

# %% [markdown]
# Thirty-two characters: the ten digits and twenty-six letters without 0, 1, I and O, which people confuse.
# The place of a character, counted from 0, is its **value**: `2` is worth 0, `A` is worth 8, `Z` is worth 31.

# %%
assert not set("01IO") & set(ALPHABET)
{character: ALPHABET.index(character) for character in "29AHJZ"}

# %% [markdown]
# ## By hand
# `BNGH7C75FN` belongs to Maryam Fredrick, a published test person of the third-party test environment.
# Hide its last character and work it out again from the first nine.
#
# Begin at the right. The last of the nine is multiplied by 2, the one before it by 1, then 2 again, and so on.

# %%
from conformance.protocol.checksum import luhn_steps

stem, last = "BNGH7C75F", "N"
steps = luhn_steps(stem)
steps[0]

# %% [markdown]
# `F` stands at place 9 and is worth 13; doubled, that makes 26. A product is written in base 32, and the
# two digits of that are added up. Here the digits are 0 and 26, so 26 it stays.
#
# Add what the nine characters give. What is missing to the next multiple of 32 is the value we look for.

# %%
total = sum(step.digit_sum for step in steps)
missing = -total % 32
assert ALPHABET[missing] == check_character(stem) == last
total, missing, ALPHABET[missing]

# %% [markdown]
# The same as a picture. Columns in blue are the doubled ones.

# %%
from conformance.pictures import working

working(stem)

# %% [markdown]
# *Picture: nine columns, one for each character of BNGH7C75F, with value, factor, product, the product's two
# digits and their sum. The sums make 140; 20 more are needed to reach 160, and 20 is the value of N.*
#
# Look at the row of digits: the first digit is 0 in every column. In this USI the digit sum never had
# anything to do, and a program that forgets it would get the right answer all the same. Here is one that tells:

# %%
working("XNY5NV9WG")

# %% [markdown]
# *Picture: the same table for XNY5NV9WG. The products of X, Y and N are 58, 60 and 40; their digits 1 and 26,
# 1 and 28, 1 and 8 add up to 27, 29 and 9. The sums make 185; 7 more make 192, and 7 is the value of 9.*
#
# **Break it.** The next cell is the whole method. In its first line write 1 for 2 and run it: the assertion
# fails. It is a mistake met in public code, copied from the method of bank cards, whose count from the
# right begins with the check digit itself. Put the 2 back before you read on.

# %%
first = 2
total = 0
for place, character in enumerate(reversed(stem)):
    factor = first if place % 2 == 0 else 3 - first
    total += sum(divmod(ALPHABET.index(character) * factor, 32))

assert ALPHABET[-total % 32] == last, "another character comes out: the factors begin with the wrong one"

# %% [markdown]
# ## What it promises: one wrong character
# Now be the student on a bad line. Change one character, any one.

# %%
assert is_valid("BNGH7C75FN")
assert not is_valid("BNGH7C7SFN")  # S heard for 5
assert not is_valid("BNGH7C75NF")  # the last two swapped

# %% [markdown]
# How sure is it? Try **every** single mistake in this USI: ten places, thirty-one wrong characters at each.

# %%
usi = stem + last
mistakes = [usi[:i] + c + usi[i + 1 :] for i in range(10) for c in ALPHABET if c != usi[i]]
missed = [text for text in mistakes if is_valid(text)]
assert missed == []
len(mistakes), len(missed)

# %% [markdown]
# None is missed. But that was one USI. Instead of more examples, state what should hold of **all** of them and
# let [Hypothesis](https://hypothesis.readthedocs.io) look for one that breaks it. The strategies are the kit's own, and you may
# use them in the tests of your product.

# %%
from hypothesis import given, settings

from conformance.strategies import characters, positions, usis

thorough = settings(max_examples=300, derandomize=True, database=None, deadline=None)


@thorough
@given(usi=usis(), place=positions(), heard=characters())
def one_wrong_character_is_noticed(usi, place, heard):
    assert is_valid(usi[:place] + heard + usi[place + 1 :]) == (heard == usi[place])


one_wrong_character_is_noticed()

# %% [markdown]
# Nothing breaks it, and there is a reason. Draw what a character adds to the sum, once for places with factor 1
# and once for places with factor 2.

# %%
from conformance.pictures import BLUE, MUTED, VERMILION, Picture, plots

values = range(32)
doubled = [sum(divmod(2 * value, 32)) for value in values]

figure, (axes,) = plots(1, width=7.2, height=4.4)
axes.plot(values, values, "s", color=MUTED, markersize=5, label="factor 1")
axes.plot(values, doubled, "o", color=BLUE, markersize=5, label="factor 2")
ring = {"markersize": 13, "fillstyle": "none", "color": VERMILION}
axes.plot([0, 31], [0, 31], "o", label="the same for both: 2 and Z", **ring)
axes.set_xticks(values, list(ALPHABET), size=8)
axes.set(xlabel="character", ylabel="adds to the sum")
axes.legend(frameon=False)
Picture(figure, "What each character adds to the sum: a line for factor 1, two branches for factor 2.")

# %% [markdown]
# *Picture: for factor 1 the 32 values lie on a straight line. For factor 2 they lie on two steeper branches, the even
# numbers for 2 to H and the odd numbers for J to Z. Only at the two ends, 2 and Z, do both factors give the same.*
#
# Each of the two takes every value from 0 to 31 exactly once. So another character at the same place always
# adds another number, and the sum cannot come out the same.

# %%
assert sorted(doubled) == list(range(32))

# %% [markdown]
# ## Where it is blind: neighbours that change places
# Typing mistakes of the second kind are swaps, `XY` for `YX`. Let Hypothesis find one that goes unnoticed.

# %%
from random import Random

from hypothesis import find
from hypothesis import strategies as st


def unnoticed_swap(example):
    usi, place = example
    x, y = usi[place : place + 2]
    return x != y and is_valid(usi[:place] + y + x + usi[place + 2 :])


usi, place = find(st.tuples(usis(), positions(9)), unnoticed_swap, settings=thorough, random=Random(0))
sorted(usi[place : place + 2])

# %% [markdown]
# There is one: a `2` beside a `Z`. Is it the only one? A swap changes nothing but what the two add to the sum,
# so it is enough to try all pairs once, whatever the other characters are. For each pair we look by how many places
# the check character moves, counted around the circle of 32. Where it does not move, the swap goes unnoticed.


# %%
def moved(before, after):
    places = (ALPHABET.index(check_character(before)) - ALPHABET.index(check_character(after))) % 32
    return min(places, 32 - places)


pairs = [(x, y) for x in ALPHABET for y in ALPHABET]
swaps = {(x, y): moved(f"222{x}{y}2222", f"222{y}{x}2222") for x, y in pairs}
unseen = [x + y for x, y in pairs if x != y and swaps[x, y] == 0]
assert unseen == ["2Z", "Z2"]
unseen

# %%
from conformance.pictures import pair_map

pair_map(
    swaps,
    down="the first of the two",
    across="the second of the two",
    measure="places by which the check character moves",
    alt="Map of 32 by 32 pairs of neighbours that change places; only 2 with Z goes unnoticed.",
)

# %% [markdown]
# *Picture: a square of 32 by 32 fields, one for each pair of neighbours. Two fields in opposite corners are
# marked with a cross, 2 before Z and Z before 2. In all others the check character moves by 1 to 16 places.*
#
# The curve above tells why: 2 and Z are the two characters that add the same with either factor, 0 and 31.
#
# ## Where it is blind: twins
# A hand that hits the wrong key twice writes `YY` for `XX`. The same map, drawn for those:

# %%
twins = {(x, y): moved(f"222{x}{x}2222", f"222{y}{y}2222") for x, y in pairs}
pair_map(
    twins,
    down="what stands there twice",
    across="what was written twice instead",
    measure="places by which the check character moves",
    alt="Map of 32 by 32 doubled characters taken for another; eleven pairs go unnoticed, both ways.",
)

# %% [markdown]
# *Picture: the same square for doubled characters. Crosses lie on two lines parallel to the diagonal: 22 and PP,
# 33 and QQ, and so on to CC and ZZ, each both ways.*

# %%
from conformance.protocol.checksum import TWIN_ERRORS

found = tuple(x + y for x, y in pairs if x < y and twins[x, y] == 0)
assert found == TWIN_ERRORS
found

# %% [markdown]
# Eleven pairs. Test data must know them: whoever demands that *every* twin error be refused fails a product
# that is right. The kit's vectors leave these pairs out of the wrong ones and put them among the right ones.
#
# ## How much it sees
# One more kind: `ABC` heard as `CBA`. Both places have the same factor, so the sum is the same. The table sets
# the kinds side by side, over all 992 pairs of different characters.

# %%
from conformance.notebooks import Table

kinds = {
    "one character replaced, factor 2": lambda x, y: (f"2222{x}2222", f"2222{y}2222"),
    "one character replaced, factor 1": lambda x, y: (f"222{x}22222", f"222{y}22222"),
    "neighbours swapped: XY, YX": lambda x, y: (f"222{x}{y}2222", f"222{y}{x}2222"),
    "twins: XX, YY": lambda x, y: (f"222{x}{x}2222", f"222{y}{y}2222"),
    "twins apart: X2X, Y2Y": lambda x, y: (f"222{x}2{x}222", f"222{y}2{y}222"),
    "swapped across one: X2Y, Y2X": lambda x, y: (f"222{x}2{y}222", f"222{y}2{x}222"),
}
different = [(x, y) for x, y in pairs if x != y]
misses = {
    kind: sum(moved(*change(x, y)) == 0 for x, y in different) for kind, change in kinds.items()
}
Table(
    "Mistakes that the check character misses, of 992 of each kind",
    ("kind of mistake", "missed", "share"),
    [(kind, number, f"{number / 992:.1%}") for kind, number in misses.items()],
)

# %%
assert list(misses.values()) == [0, 0, 2, 22, 32, 992]

# %% [markdown]
# Every single character is noticed, and nearly every swap of neighbours; a swap across one never is.
#
# ## One text in thirty-two
# And a text that has nothing to do with a USI, but happens to have its form?

# %%
random = Random(32)
texts = ["".join(random.choices(ALPHABET, k=10)) for _ in range(32_000)]
passed = sum(map(is_valid, texts))
assert 900 < passed < 1100
f"{passed} of {len(texts)} random texts pass, about one in {round(len(texts) / passed)}"

# %% [markdown]
# There are 32 possible check characters and one is right. So a right check character never means that a USI was issued,
# that it is active, or whose it is. Only the registry knows, and VerifyUSI asks it.
#
# ## What never gets as far as the sum
# The sum means nothing where the form is wrong. `reasons` gives all that is wrong with a value, in the words of the
# contract between the kit and your harness.

# %%
from conformance.protocol.checksum import fold, reasons

form = ["BNGH7C75FN", "BNGH7C75FM", "BNGH7C75F", "BNGH7C7501", "BNGH-7C75FN"]
typed = [*form, "bngh7c75fn", " BNGH7C75FN", "INDIV", None]
Table(
    "What people and databases hand over, and why it is refused",
    ("input", "reasons"),
    [(repr(text), ", ".join(reasons(text)) or "none: it is valid") for text in typed],
)

# %% [markdown]
# - A 0 is not an O and a 1 is not an I: both are simply wrong. Do not repair them silently; you would repair a typing
#   mistake into somebody else's USI.
# - Lower case and blanks at the ends are another matter: public products differ, and the WSDL settles only what may be
#   **sent**. Fold what a person typed before you check it, or refuse it; never send it as it is.
# - `INDIV` is a code of the AVETMISS statistics for students who are exempt. It is not a USI and never goes to the registry.

# %%
assert fold(" bngh7c75fn ") == "BNGH7C75FN"
assert fold("BNGH 7C75FN") != "BNGH7C75FN"  # a blank in the middle is a mistake, and stays one

# %% [markdown]
# ## Nearly right is wrong
# The kit brings implementations that are wrong in exactly one way each, many of them met in public code.
# Ask six of them about the USIs of the published test persons, all of which are right.

# %%
from conformance import vectors
from conformance.reference import resolve

right = vectors.load("checksum/valid.json").cases
published = [case.input["usi"] for case in right if case.id.startswith("published-")]
names = [
    "leaves-thirty-two",
    "sums-modulo-thirty-six",
    "skips-the-digit-sum",
    "subtracts-nine",
    "factors-begin-with-one",
    "borrows-another-alphabet",
]


def accepted(name):
    answers = [resolve(name).handle("usi.validate", {"usi": usi}) for usi in published]
    return sum(answer["status"] == "ok" for answer in answers)


assert accepted("reference") == len(published)
resolve("mutant:skips-the-digit-sum").__doc__

# %%
from conformance.pictures import bars

counts = {name.replace("-", " "): accepted(f"mutant:{name}") for name in names}
bars(
    {
        name: {"accepted": number, "refused, wrongly": len(published) - number}
        for name, number in counts.items()
    },
    title=f"{len(published)} right USIs of published test persons, and six implementations that are wrong",
    alt="How many of the published test persons' USIs each of six wrong implementations accepts.",
)

# %% [markdown]
# *Picture: one bar for each wrong implementation, parted into right USIs that it accepts and right ones that it
# refuses. Leaves thirty two accepts all of them, three others a few, the last two none.*
#
# The first one looks for a character of value 32 where 0 belongs, so it goes wrong only where the check character is
# `2`. None of the published USIs ends in 2, and whoever tests with those alone never finds out.

# %%
assert not any(usi.endswith("2") for usi in published)

# %% [markdown]
# A single example is worse. The one that leaves out the digit sum is right about our first USI, as we saw above:

# %%
assert resolve("mutant:skips-the-digit-sum").handle("usi.validate", {"usi": "BNGH7C75FN"})["status"] == "ok"

# %% [markdown]
# The kit's suite catches it. This is its main job, run here in place, with a wrong implementation:

# %%
from conformance.notebooks import check

caught = check("mutant:leaves-thirty-two", "USI-CHK-01")
assert not caught.passed
caught

# %% [markdown]
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.
#
# Each row is one requirement; where it does not hold, you see the smallest example and what to try. `evte explain USI-CHK-01`
# tells the rest.

# %%
from conformance.notebooks import implementation

iut = implementation()
check(iut, "USI-CHK")
