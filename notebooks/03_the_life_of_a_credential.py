# %% [markdown]
# # 3. The life of a credential
# *Fifteen minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# A credential that worked yesterday is refused today. Nobody touched the file. What happened to it, who can mend that, and what should your
# product have said beforehand?
#
# The answer lies in RAM, the Relationship Authorisation Manager, where people make credentials, leave their jobs, and tick boxes. The kit has a model of
# it, and a token service that asks it. Both run on this page, with a clock that *you* move.

# %%
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random

from conformance.reference.direct import Direct
from conformance.simulators.authority import Authority
from conformance.simulators.bench import PUBLISHED_ADDRESS
from conformance.simulators.ram import Clock, Ram, RamError, Role, Validity
from conformance.simulators.stores import PASSWORD, make_store
from conformance.simulators.sts import TokenService

made = datetime(2026, 8, 3, 2, 0, tzinfo=UTC)
clock = Clock(made)
ram = Ram(clock)
authority = Authority(made, seed=3)
addresses = [PUBLISHED_ADDRESS]
service = TokenService(
    authority, clock=clock, random=Random(1).randbytes, relying_parties=addresses, ram=ram
)
product = Direct(
    service, clock=clock, random=Random(2).randbytes, applies_to=PUBLISHED_ADDRESS, password=PASSWORD
)

# %% [markdown]
# `product` is the reference implementation; it stands before the token service in the same process, so that nothing is sent anywhere.
#
# ## Who may make one
# A business has a **principal authority**, who answers for it, and may have **machine credential administrators**. Here Ada is the one, Ben and Cai are the
# others, and Eve has no role at all.

# %%
abn, name = "11000002568", "Reception"
administrator = Role.CREDENTIAL_ADMINISTRATOR
ram.register(abn, principal_authority="Ada")
ram.appoint(abn, "Ben", administrator, by="Ada")
ram.appoint(abn, "Cai", administrator, by="Ada")


def attempt(action, *arguments, **form):
    try:
        with ram.restored():
            return action(*arguments, **form).state.value
    except RamError as error:
        return f"refused: {error.expected}"


print(attempt(ram.create, abn, name, by="Ben"))
print(attempt(ram.create, abn, name, by="Eve"))
print(attempt(ram.create, abn, name, by="Ben", password="password"))

# %% [markdown]
# *Source: RAM's page for users and providers of business software says who may; the rules for the password are those of its form.*
#
# Ben makes it, and installs it where your product finds it. Your product obtains its first token, and from then on the ATO's Access Manager shows the credential.

# %%
machine = authority.machine_credential(abn=abn, name=name, moment=made)
product.stores["keystore.xml"] = make_store([machine])
before = ram.permissions(abn, name)
credential = ram.create(abn, name, by="Ben", certificate=Validity.of(machine.certificate))
first = product.obtain(machine.alias)
assert (first["status"], before) == ("ok", None)
set(ram.permissions(abn, name))

# %% [markdown]
# ## The states
# This is the kit's table, drawn. Every arrow is a sentence of RAM's pages; the dashed one is concluded from them.

# %%
from conformance.model import Confidence
from conformance.pictures import Move, Place, states
from conformance.simulators.ram import CREDENTIAL, NOTIFICATION, Event


def moves(table):
    rows = [row for row in table.rows if row.event is not Event.REPLACE]
    sure = Confidence.DOCUMENTED
    return [Move(r.before.value, r.event.value, r.after.value, r.confidence is sure) for r in rows]


states(
    {
        "none": Place(0, 1, "begins", "not created yet"),
        "active": Place(1, 1, "works", "works"),
        "unassigned": Place(2, 1, "works", "works; nobody is responsible, and RAM shows Suspend"),
        "lapsed": Place(3, 1, "ends", "works no more; the name of this state is ours"),
        "revoked": Place(1.5, 0, "ends", "for ever"),
        "expired": Place(1.5, 2, "ends", "for ever, as far as this certificate goes"),
    },
    moves(CREDENTIAL),
    alt="States of a machine credential: none, active, unassigned, lapsed, revoked, expired.",
)

# %% [markdown]
# *Picture: create leads from none to active. Remove the holder's role leads to unassigned, and claim leads back. From both, revoke and the
# certificate's end lead to their own final states. Day 60 leads from unassigned to lapsed, dashed.*
#
# Two of these boxes work, and the name of one of them does not sound like it: RAM shows `Suspend`, and the credential works all the same.
#
# ## Nobody is responsible
# A month later Ben changes departments, and Ada removes his role. Call that day 0. This picture is yours to drive: in `evte lab` move the sliders; elsewhere
# write other numbers for `at` and run the cell again. Let Cai claim the credential on some day, or never (0).

# %%
from conformance.notebooks import Slider, drive
from conformance.pictures import Stretch, timeline

ram.advance(days=30)
day_zero = clock()
days = timedelta(days=1)
kinds = ["unassigned", "e-mail", "active", "lapsed"]
ram.dismiss(abn, "Ben", administrator, by="Ada")


def said(answer):
    return "a token" if answer["status"] == "ok" else answer["native"]["code"]


def play(day, claim):
    for today in range(1, day + 1):
        ram.advance(days=1)
        if today == claim and ram.credential("C1").state.value == "unassigned":
            ram.claim("C1", by="Cai")


def stretches(subject, since):
    steps = [r for r in ram.history if r.subject == subject and r.before != r.after and r.at >= since]
    ends = [step.at for step in steps[1:]] + [max(clock(), since + days)]
    return [Stretch(one.at, end, one.after, one.after) for one, end in zip(steps, ends, strict=True)]


def without_holder(day, claim):
    with ram.restored():
        play(day, claim)
        lanes = {"in RAM": stretches("C1", day_zero)}
        lanes["e-mails to Cai"] = [Stretch(m.at, m.at + 2 * days, "", "e-mail") for m in ram.messages]
        return lanes, said(product.obtain(machine.alias)), clock()


def draw(day, claim):
    lanes, answer, now = without_holder(day, claim)
    window = (day_zero - 2 * days, day_zero + 82 * days)
    words = f"Day {day} without a holder: {lanes['in RAM'][-1].text}; the token service answers {answer}"
    moments = {f"day {day}: {answer}": now}
    return timeline(lanes, windows=[window], moments=moments, day_zero=day_zero, kinds=kinds, alt=words)


drive(draw, day=Slider("day", 1, 80, at=59), claim=Slider("Cai claims it on day (0: never)", 0, 80, at=0))

# %% [markdown]
# *Picture: from day 0 on the credential is unassigned. Two short marks show e-mails on day 30 and on day 53. On day 59 the token service still
# answers with a token.*
#
# And two days later, and with a claim in time:

# %%
draw(day=61, claim=0)

# %% [markdown]
# *Picture: on day 60 the bar changes from unassigned to lapsed, and on day 61 the token service answers E2014.*

# %%
draw(day=80, claim=45)

# %% [markdown]
# *Picture: on day 45 the bar changes from unassigned to active; there is one e-mail only, and on day 80 the token service answers with a token.*
#
# The whole of it as a table.

# %%
from conformance.notebooks import Table

Table(
    "Sixty days",
    ("day", "claimed on day", "e-mails so far", "in RAM", "the token service"),
    [
        (day, claim or "never", len(lanes["e-mails to Cai"]), lanes["in RAM"][-1].text, answer)
        for day, claim in [(29, 0), (30, 0), (53, 0), (59, 0), (60, 0), (61, 0), (61, 59), (61, 61)]
        for lanes, answer, _ in [without_holder(day, claim)]
    ],
)

# %%
def answers(*plays):
    return [answer for day, claim in plays for _, answer, _ in [without_holder(day, claim)]]


assert answers((59, 0), (61, 0), (61, 59), (61, 61)) == ["a token", "E2014", "a token", "E2014"]

# %% [markdown]
# The reminders go to the *other administrators*, or to the principal authority when there is none. **Your product gets none of them**, and nothing in the file
# changes. Up to the last day it has no way to know.
#
# *Sources: RAM's page says that the credential remains active for 60 days from the removal and that another administrator can claim it; the days of the reminders
# are on its page for managing credentials. What happens after day 60 is concluded; that the token service answers with E2014 then is assumed. That the
# 60 days are counted to the second is assumed too: trust no plan that ends on day 60 itself.*
#
# **Exercise 1.** Ben's role was removed at noon, UTC, on 1 September 2026. On which day does the second reminder go out?

# %%
answer = date(2026, 10, 24)

with ram.restored(), ram.at(datetime(2026, 9, 1, 12, tzinfo=UTC)):
    ram.appoint(abn, "Ben", administrator, by="Ada")
    ram.create(abn, "Another", by="Ben")
    ram.dismiss(abn, "Ben", administrator, by="Ada")
    ram.advance(days=59)
    reminders = [message.at.date() for message in ram.messages if message.about == "C2"]
assert answer == reminders[1]
print("right:", f"{answer:%d %B %Y}")

# %% [markdown]
# ## Revoked
# On day 10 Cai claims the credential after all. Then a laptop with the file on it is stolen, and he revokes.

# %%
ram.advance(days=10)
ram.claim("C1", by="Cai")


def after(*steps, **asked):
    with ram.restored():
        for step in steps:
            step()
        return said(product.obtain(machine.alias, **asked))


revoke = partial(ram.revoke, "C1", by="Cai")
assert after() == "a token"
after(revoke)

# %% [markdown]
# The file is the same as before. Your product opens it, the password is right, the certificate is valid, and only the token service says no. Can it be undone?

# %%
with ram.restored():
    revoke()
    print(attempt(ram.claim, "C1", by="Cai"))
    print(attempt(ram.renew, "C1"))
    print(attempt(ram.create, abn, name, by="Cai"), "(a new one of the same name)")

# %% [markdown]
# A revoked credential never works again. **Do not retry after E2014**, and do not say *wrong password*: nobody at the keyboard can do anything but fetch an
# administrator.
#
# ## Two years, less a day
# A certificate lives for 730 days, less one second. People say two years, and programs compute with calendars.

# %%
def row(made):
    ends = authority.machine_credential(abn=abn, name=name, moment=made).certificate.not_valid_after_utc
    calendar = made.replace(year=made.year + 2)
    return *(f"{day:%d %b %Y}" for day in (made, ends, calendar)), (calendar.date() - ends.date()).days


starts = [datetime(*day, 2, tzinfo=UTC) for day in [(2025, 3, 1), (2026, 8, 3), (2027, 3, 1), (2028, 3, 1)]]
Table(
    "730 days and two calendar years",
    ("made", "the certificate ends", "two calendar years later", "days too late"),
    [row(start) for start in starts],
)

# %% [markdown]
# Where a 29 February lies in between, two calendar years are one day more. A product that reckons from the day of making reminds too late, and works for a day with a dead
# credential. Take the end from the certificate, in UTC.
#
# *Source: measured on the published test credentials. Those of 2022 and of 2023 have a 29 February in them; their certificates begin ten minutes before they were made.*
#
# **Exercise 2.** A credential is made at noon, UTC, on 15 January 2027. What is the last day on which it works?

# %%
answer = date(2029, 1, 14)

noon = datetime(2027, 1, 15, 12, tzinfo=UTC)
january = authority.machine_credential(abn=abn, name=name, moment=noon)
assert answer == january.certificate.not_valid_after_utc.date()
print("right:", f"{answer:%d %B %Y}")

# %% [markdown]
# ## When to renew, when to warn
# The official reader calls a credential due for renewal 14 *calendar* months before its end, which is after ten months of 24. Over the renewal itself little is
# public, so the least that your product can do is to warn: 60, 30 and 7 days before. Drive through the two years, counted from the day of making.

# %%
from conformance.protocol.certificates import renewal_opens

certificate = machine.certificate
ends = certificate.not_valid_after_utc


def marks(*numbers):
    return [Stretch(ends - n * days, ends - (n - 5) * days, "", "warning") for n in numbers]


lanes = {
    "certificate": [Stretch(certificate.not_valid_before_utc, ends, "valid", "valid")],
    "renewal": [Stretch(renewal_opens(certificate), ends, "due", "due")],
    "warnings": marks(60, 30, 7),
}
window = (made - 15 * days, made + 775 * days)


def at_day(day):
    with ram.restored(), ram.at(made + day * days):
        return said(product.obtain(machine.alias))


def two_years(day):
    words = f"Day {day} of 730: the answer is {at_day(day)}. Renewal is due for the last 14 months."
    moments = {f"day {day}: {at_day(day)}": made + day * days}
    return timeline(lanes, windows=[window], moments=moments, day_zero=made, alt=words)


drive(two_years, day=Slider("day", 0, 760, at=700))

# %% [markdown]
# *Picture: the certificate's bar is two years long. Renewal is due for the last 14 months of it; three short marks near the end are the warnings. On day 700 the product
# gets a token.*

# %%
assert at_day(730) == "keystore.expired"
[(day, at_day(day)) for day in (1, 729, 730)]

# %% [markdown]
# On day 730 your product refuses by itself: `keystore.expired` is not the token service's code but its own, and it can say what to do. Who asks all the same is told
# `E2015`.
#
# **Exercise 3.** A certificate ends on 30 April 2029. On which day does the window of 14 calendar months open?

# %%
answer = date(2028, 2, 29)

last = datetime(2029, 4, 30, 12, tzinfo=UTC)
april = authority.machine_credential(abn=abn, name=name, moment=made, not_after=last)
assert answer == renewal_opens(april.certificate).date()
print("right:", f"{answer:%d %B %Y}")

# %% [markdown]
# There is no 30 February, so the last day of the month takes its place. In 2027 that would be the 28th.
#
# ## A new one of the same name
# The documented way to replace a credential is to make another one **of exactly the same name, before the old one ends**. Access Manager keeps permissions
# by name. Ada has restricted them some time ago:

# %%
ram.amend(abn, name, frozenset({"lodge"}), by="Ada")
successor = authority.machine_credential(abn=abn, name=name, moment=clock(), key="machine-2")
ram.create(abn, name, by="Cai", certificate=Validity.of(successor.certificate))
ram.create(abn, "Reception-2", by="Cai")
ram.use("C3")
Table(
    "What Access Manager says",
    ("name of the credential", "permissions"),
    [(each, ", ".join(sorted(ram.permissions(abn, each)))) for each in (name, "Reception-2")],
)

# %% [markdown]
# The successor may do what its predecessor might; the one with the other name may do everything, whatever Ada had decided. Now the old one is revoked, and the file is
# still in its place:

# %%
ram.revoke("C1", by="Cai")
with_the_old_file = said(product.obtain(machine.alias))
product.stores["keystore.xml"] = make_store([successor])
with_the_new_file = said(product.obtain(machine.alias))
assert machine.alias == successor.alias
with_the_old_file, with_the_new_file

# %% [markdown]
# Same name, same ABN, hence the same alias: your product needs no new configuration, only to *read the file again* and perhaps a new password. A product that keeps the
# credential in memory until it is restarted goes on with the revoked one.
#
# So the safe order is: rename the old file to `keystore-old.xml`, create, test, switch over, and revoke the old one last. After a theft revoke first.
#
# *Sources: the System Developers FAQ of the USI office and a vendor's guide for the same name and for the renaming of the file; RAM's page for the message that permissions are shared.*
#
# ## My cloud software
# If your software runs on your server, your own credential is not enough. Each client must have told RAM that you act for it, under a **software ID** of ten digits that
# you give it. That notification has a life of its own.

# %%
states(
    {
        "none": Place(0, 0.5, "begins", "not made yet"),
        "pending": Place(1, 0, "waits", "you asked; the client has not accepted"),
        "active": Place(1, 1.2, "works", "counts from its start date on"),
        "removed": Place(2.2, 0, "ends", "counts no more"),
        "ended": Place(2.2, 1.2, "ends", "counts no more"),
    },
    moves(NOTIFICATION),
    alt="States of a notification: none, pending, active, removed, ended.",
)

# %% [markdown]
# *Picture: add leads from none to active, request leads from none to pending, accept from there to active. Remove leads from both to removed; the end date leads from both to
# ended, dashed.*
#
# Dee answers for the client, the business 96312011219. What does the form take, and what does it refuse?

# %%
client = "96312011219"
ram.register(client, principal_authority="Dee")
today = ram.today()
form = {"by": "Dee", "provider": abn, "software_ids": ("0000123400",)}
tries = {
    "all well": {},
    "a software ID of six digits": {"software_ids": ("123400",)},
    "a software ID that went through a number": {"software_ids": (int("0000123400"),)},
    "two software IDs": {"software_ids": ("0000123400", "0000123401")},
    "begins today": {"start": today},
    "began yesterday": {"start": today - days},
    "ends before it begins": {"start": today + 5 * days, "end": today + 4 * days},
    "by Cai, who is not the client's": {"by": "Cai"},
}
Table(
    "Adding a notification",
    ("what is entered", "RAM"),
    [(what, attempt(ram.add_notification, client, **form | change)) for what, change in tries.items()],
)

# %% [markdown]
# Mind the zeros. A software ID is a *text* of ten digits; a spreadsheet, a database column or a JSON number that takes it for a number gives back another one.
#
# Now you, the provider, ask first. You ask on day 0 for the days 10 to 40; the client accepts when it finds the time. Drive the day, and the day of accepting.

# %%
service_day = clock()
begin = ram.today()
dates = {"start": begin + 10 * days, "end": begin + 40 * days}
asked_for = [Stretch(service_day + 10 * days, service_day + 41 * days, "", "dates")]
months = (service_day - 2 * days, service_day + 62 * days)
colours = ["pending", "dates", "active", "ended"]


def ask_and_wait(day, accepted):
    ram.request_notification(client, **form | {"by": "Ada"} | dates)
    for today in range(1, day + 1):
        ram.advance(days=1)
        if today == accepted and ram.notification("N1").state.value == "pending":
            ram.accept_notification("N1", by="Dee")


def hosted(day, accepted):
    with ram.restored():
        ask_and_wait(day, accepted)
        answer = said(product.obtain(machine.alias, client=client, ssid="0000123400"))
        return stretches("N1", service_day), answer, clock()


def draw_hosted(day, accepted):
    life, answer, now = hosted(day, accepted)
    words = f"Day {day}: the notification is {life[-1].text}, and the token service answers {answer}"
    moments, lanes = {f"day {day}: {answer}": now}, {"in RAM": life, "dates asked for": asked_for}
    known = {"windows": [months], "day_zero": service_day, "kinds": colours}
    return timeline(lanes, moments=moments, alt=words, **known)


drive(draw_hosted, day=Slider("day", 1, 60, at=20), accepted=Slider("accepted on day", 1, 60, at=5))

# %% [markdown]
# *Picture: the notification is pending until day 5 and active from then on. The dates asked for are day 10 to day 40. On day 20 the token service answers with a token.*

# %%
Table(
    "What the token service answers to a hosted product",
    ("day", "accepted on day", "in RAM", "the token service"),
    [
        (day, accepted or "never", life[-1].text, answer)
        for day, accepted in [(9, 0), (9, 5), (10, 5), (20, 0), (40, 5), (42, 5)]
        for life, answer, _ in [hosted(day, accepted)]
    ],
)

# %%
refused = "InvalidRequest"
assert [hosted(*play)[1] for play in [(9, 5), (10, 5), (20, 0)]] == [refused, "a token", refused]

# %% [markdown]
# Pending, not yet begun, ended: to your product all three look alike, and so does a wrong software ID. There is no event code, only the fault's own. And a token for yourself is no help: leave out
# the client, and you get one that is not good for its students.

# %%
with ram.restored():
    ram.add_notification(client, **form)
    print(after(client=client, ssid="0000123400"), "with the zeros")
    print(after(client=client, ssid="0000123401"), "with another ID")
    ram.remove_notification("N1", by="Dee")
    print(after(client=client, ssid="0000123400"), "after the client removed it")

# %% [markdown]
# *Sources: RAM's pages on notifications for fields, dates, actors and states; the software ID with leading zeros is that of the published test account. Whether the token service refuses, or only
# the registry with its code 2002, no public source says: the kit has both, and this one is marked as assumed. The ATO's own Access Manager has another notification, for its own services; the two have
# nothing to do with each other.*
#
# ## What to tell your operator
# Put together: what happened, what reaches your product, and the sentence that helps. The answers are computed here, once more.

# %%
act = {"client": client, "ssid": "0000123400"}
leave = partial(ram.dismiss, abn, "Cai", administrator, by="Ada")
pass_days = {number: partial(ram.advance, days=number) for number in (45, 61, 690, 731)}
administrators = "an administrator, in RAM"
lost = "The credential counts no more. Look it up in RAM, and create a new one of the same name."
before = "The credential ends on (date). Create a new one of the same name before."
since = "The credential ended on (date). Create a new one of the same name."
notify = "(Client) must add us in RAM under software ID (ten digits), or accept our request."
cases = [
    ("nobody is responsible, day 45", after(leave, pass_days[45]), administrators, "-"),
    ("nobody is responsible, day 61", after(leave, pass_days[61]), administrators, lost),
    ("revoked", after(partial(ram.revoke, "C2", by="Cai")), administrators, lost),
    ("ends in 40 days", after(pass_days[690]), administrators, before),
    ("ended yesterday", after(pass_days[731]), administrators, since),
    ("the client notified of nothing", after(**act), "the client, in RAM", notify),
]
Table(
    "What happened, and what to say",
    ("what happened", "what your product sees", "who can mend it", "what it should say"),
    cases,
)

# %%
assert [seen for _, seen, *_ in cases[:5]] == ["a token", "E2014", "E2014", "a token", "keystore.expired"]

# %% [markdown]
# In the first line there is nothing to say: no program can know, and RAM writes to people. The second and the third look alike to your product, so one sentence must serve for both.
#
# Three rules come out of it. Name the person who can act, because the one who reads the message often cannot. Never ask again on your own after one of these answers. And look at the
# certificate's end every day, since that is the only one of these events which announces itself.
#
# **Exercise 4.** Two clients call. For the first, every call of your hosted product fails; for the second none does. Which line of the table is it?

# %%
answer = "the client notified of nothing"

seen = {what: seen for what, seen, *_ in cases}[answer]
assert (after(), after(**act)) == ("a token", seen)
print("right:", answer)

# %% [markdown]
# If it were your credential, both would fail.
#
# **Break it.** Above the table write `"ssid": "123400"` in `act`, and see who refuses then: the token service, or your product itself before it asks?
#
# ## What this settles
# Each of these is a requirement of the kit, with its source and with how sure it is.

# %%
settled = {
    "expiry and warning": "KS-D07 KS-D10",
    "the life of a credential": "KS-L",
    "renewal and replacement": "KS-R01 KS-R08",
    "acting for a client": "KS-A",
}
for topic, ids in settled.items():
    print(f"{topic:26} {ids}")

# %% [markdown]
# Run one, or all whose ids begin alike; and ask what is behind one:
#
#     evte run --iut "cmd:java -jar harness.jar" --profile usi-cloud --only KS-L --out report
#     evte explain KS-R08
#
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.

# %%
from conformance.notebooks import check, implementation

iut = implementation()
check(iut, *" ".join(settled.values()).split(), profile="usi-cloud")
