# %% [markdown]
# # 9. Your readiness
# *Ten minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# Is my product ready to apply for EVTE, what does that claim rest on, and what do I mend first?
#
# Four words. A **profile** is a frozen list of requirements for one goal. A **case** is one thing that was tried for one of them. The **verdict** is computed from all cases, and from nothing else. **Ready** means *ready to apply*: only the
# operators of the real services can say more.
#
# ## Run a profile
# In `evte lab` the next cell shows a form: name your implementation, choose a profile, press the button, and watch. Elsewhere it says what will be run.

# %%
from conformance.notebooks.readiness import job

mine = job("smoke")
mine

# %% [markdown]
# `smoke` takes seconds: the main lines of each capability. `usi-local` and `usi-cloud` take minutes, and are what an application needs. Nobody may have pressed the button, so ask for what came of it:

# %%
mine.reading

# %% [markdown]
# This is the first page of every report, in short. Read it in this order: is it *my* product, is it the profile that I apply for, is anything *missing*, and only then the verdict.
#
# The last line is about us. Where no document says what the real services do, the kit concludes or assumes, and says so at each requirement. There EVTE may decide otherwise.
#
# ## What a verdict rests on
# A verdict is a pure function. Whoever has the results can compute it again, without trusting who ran them:

# %%
from datetime import UTC, datetime

from conformance import catalogue
from conformance.verdict import decide

today = datetime.now(UTC).date()
security = frozenset(name for name, each in catalogue.requirements().items() if each.security)


def verdict(run):
    return decide(run, security=security, today=today)


run = mine.reading.report.run
assert verdict(run) == mine.reading.report.verdict
verdict(run).sentence

# %% [markdown]
# `evte verify DIR` does the same, and compares every file of the report with its digest besides.
#
# **What was not tried is not passed.** Take away one result, and see what remains of it:

# %%
from msgspec.structs import replace

shortened = replace(run, results=run.results[1:])
assert verdict(shortened).readiness == "INCOMPLETE"
verdict(shortened).sentence

# %% [markdown]
# **Exercise 1.** A product passes every case but one, which its maker left out with `--only`. Which of the four words does it get?

# %%
answer_1 = "INCOMPLETE"

from conformance.model import Status

left_out = replace(run.results[0], status=Status.SKIP, message="deselected by the operator")
assert verdict(replace(run, results=(left_out, *run.results[1:]))).readiness == answer_1
print("right:", answer_1)

# %% [markdown]
# ## What to mend first
# Now a product that is not ready. It looks at the form of a USI only. We keep its report in a folder, as a build server would.

# %%
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

until_the_end = ExitStack()
history = Path(until_the_end.enter_context(TemporaryDirectory()))


def stored(product, day):
    return job("smoke", iut=product, out=history / day, examples=10).reading


monday = stored("mutant:looks-at-the-form-only", "1-monday")
monday

# %%
monday.mend_first()

# %% [markdown]
# Two requirements, and one mistake. The column *looks like* compares what was missed with what the kit's own wrong implementations miss: if it names one, begin there. Then come what cannot be waived, what concerns security, and the other MUSTs; what could
# not even be looked at comes last, since it mostly follows.

# %%
assert monday.report.look_alikes[0].mutant == "looks-at-the-form-only"
assert monday.readiness == "NOT READY"

# %% [markdown]
# Each miss has a command that runs that one case again:

# %%
misses = [result for result in monday.report.run.results if result.status == "fail"]
print(misses[0].replay)

# %% [markdown]
# Where a single call shows it, the folder `replay` of the report has that very call: `evte replay FILE` makes it again and answers FIXED, STILL FAILS or CANNOT RUN.
#
# ## What changed
# On Wednesday the check character is computed. But somebody has also tidied up the error messages, and an outdated version of the product now passes for bad data:

# %%
wednesday = stored("mutant:takes-an-outdated-version-for-bad-data", "2-wednesday")
wednesday.changes_since(monday)

# %% [markdown]
# `evte diff OLD NEW` tells the same in a terminal. Every case that stands otherwise has exactly one kind. If the kit, the profile or the configuration was another one, that is said instead of blaming the product.

# %%
from conformance.report.comparison import compare

kinds = {str(change.kind) for change in compare(monday.report, wednesday.report).changes}
assert kinds == {"mended", "newly failing"}

# %% [markdown]
# On Friday all is well. This is the trend of the folder:

# %%
from conformance.notebooks.readiness import trend

friday = stored("reference", "3-friday")
trend(history, "smoke")

# %% [markdown]
# *Picture: three runs, one bar each. On Monday and on Wednesday cases fail, and both are not ready; on Friday nothing misses, and the product is ready.*
#
# A build server keeps such folders, and `evte run --history` draws them into each report.

# %%
assert [day.readiness for day in (monday, wednesday, friday)] == ["NOT READY", "NOT READY", "READY"]

# %% [markdown]
# ## Admitting a failure
# Wednesday's product must go out on Thursday. A **waiver** admits a failure: exactly this one, with an owner, a reason and an end. It never makes a product *ready*.

# %%
from datetime import timedelta

from conformance.model import Waiver

waivers = tuple(
    Waiver(
        requirement=miss.requirement,
        status=miss.status,
        subcode=miss.subcode,
        message_prefix=miss.message[:40],
        owner="Ada Example",
        reason="mended in the next release",
        issue="https://issues.example/7",
        added=today.isoformat(),
        expires=(today + timedelta(days=30)).isoformat(),
    )
    for miss in wednesday.report.run.results
    if miss.status == "fail"
)
admitted = verdict(replace(wednesday.report.run, waivers=waivers))
assert admitted.readiness == "READY WITH CONDITIONS"
admitted.sentence

# %% [markdown]
# Some failures cannot be admitted: a secret that was told, and an invalid signature or token that was accepted. `evte waivers DIR` prints the entries of all others, ready to be filled in.
#
# **Exercise 2.** The same waivers, but their thirty days are over. What is the verdict?

# %%
answer_2 = "NOT READY"

late = decide(replace(wednesday.report.run, waivers=waivers), security=security, today=today + timedelta(31))
assert late.readiness == answer_2
print("right:", answer_2)

# %% [markdown]
# ## What no machine sees
# Whether your product is registered, who holds the credential, what consent says: a person has to answer. `evte attest` asks, and keeps answer, name and date. `smoke` asks nothing; an application asks all of these:

# %%
from conformance.notebooks import Table

questions = catalogue.questions()
asked = [questions[name] for name in catalogue.profile("usi-cloud").questions]
Table("Asked of cloud software", ("id", "question"), [(each.id, each.text) for each in asked])

# %% [markdown]
# What is open is a condition, and stands on the first page.
#
# ## How it performs
# At the end of a run the kit measures the product, and the reference beside it. How long things take differs from machine to machine and stands in the report; what is *counted* does not:

# %%
mine.reading.figures()

# %% [markdown]
# A product that asks for a token at every call passes every requirement, and makes its users wait each time. Figures are no verdict.
#
# ## What this settles
# A report is worth as much as what it admits. Yours says which product it is about, what was not tried and why, what is assumed, who answers for what no machine sees, and until when it holds.

# %%
until_the_end.close()

# %% [markdown]
# In a terminal, and on a build server, with the report in `report`:
#
#     evte run --iut "cmd:java -jar harness.jar" --profile usi-local --out report
#     evte verify report
#
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.

# %%
from conformance.notebooks import check, implementation

check(implementation(), profile="smoke")
