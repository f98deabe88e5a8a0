"""A plan file says what is to be run, and is refused for every mistake in it."""

import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.errors import OperatorError
from conformance.model import Deployment, Environment, Registration
from conformance.plan import OwnKeystore, Plan, Signing, places, read, reading
from conformance.plan.template import template
from conformance.verdict import Gate

WHOLE = """\
iut = "cmd:node harness.mjs"
profile = "usi-cloud"
out = "build/report"
seed = 7
examples = 20
deadline = 12.5
strict = true
plain = true
pdf = true
capabilities = ["usi.validate", "usi.call", "clock", "usi.call.CreateUSI"]
waivers = "waivers.toml"
attestations = "attestations.toml"
baseline = "baseline/report.json"
history = "history"
gate = "no-new-failures"

[keystore]
file = "keys/keystore.xml"
alias = "ABRD:11000002568_Device"
password_env = "EVTE_P"
trust = ["a.pem", "b.pem"]
org_code = "90000"

[signing]
key = "keys/signing.pem"
certificate = "keys/signing-certificate.pem"
password_env = "EVTE_S"

[registration]
organisation = "Example Pty Ltd"
abn = "51 824 753 556"
product = "Enrol"
version = "4.2"
deployment = "on premises"
environments = ["USI 3PT", "SBR1"]
software_id = "1234567890"
organisation_types = ["registered training organisation"]
operations = ["VerifyUSI", "CreateUSI"]
contact = "Jo Citizen"
phone = "+61 2 5550 0000"
email = "jo@example.com"
"""


@pytest.fixture
def plan(tmp_path):
    """Reads a text as a plan."""

    def plan(text):
        path = tmp_path / "evte.toml"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return plan


def test_every_key_is_read(plan, tmp_path):
    """All keys together, each in its type."""
    assert plan(WHOLE) == Plan(
        path=tmp_path / "evte.toml",
        iut="cmd:node harness.mjs",
        profile="usi-cloud",
        out=tmp_path / "build/report",
        seed=7,
        examples=20,
        deadline_s=12.5,
        strict=True,
        plain=True,
        pdf=True,
        capabilities=("usi.validate", "usi.call", "clock", "usi.call.CreateUSI"),
        waivers=tmp_path / "waivers.toml",
        attestations=tmp_path / "attestations.toml",
        baseline=tmp_path / "baseline/report.json",
        history=tmp_path / "history",
        gate=Gate.NO_NEW_FAILURES,
        keystore=OwnKeystore(
            file=tmp_path / "keys/keystore.xml",
            alias="ABRD:11000002568_Device",
            password_env="EVTE_P",
            trust=(tmp_path / "a.pem", tmp_path / "b.pem"),
            org_code="90000",
        ),
        signing=Signing(
            key=tmp_path / "keys/signing.pem",
            certificate=tmp_path / "keys/signing-certificate.pem",
            password_env="EVTE_S",
        ),
        registration=Registration(
            organisation="Example Pty Ltd",
            abn="51824753556",
            product="Enrol",
            version="4.2",
            deployment=Deployment.ON_PREMISES,
            environments=(Environment.USI_3PT, Environment.SBR1),
            software_id="1234567890",
            organisation_types=("registered training organisation",),
            operations=("VerifyUSI", "CreateUSI"),
            contact="Jo Citizen",
            phone="+61 2 5550 0000",
            email="jo@example.com",
        ),
    )


def test_an_empty_plan_states_nothing(plan, tmp_path):
    """Whatever is not there is for the options, or for the kit's own choice."""
    assert plan("") == Plan(path=tmp_path / "evte.toml")


WRONG = [
    ('profil = "smoke"', "there is no key 'profil'", "did you mean profile?", 1),
    ('\nprofile = "smok"', "there is no profile 'smok'", "did you mean smoke?", 2),
    ('waiver = "w.toml"', "there is no key 'waiver'", "did you mean waivers?", 1),
    ("seed = 1.5", "seed must be a whole number", "", 1),
    ("examples = 0", "examples is out of bounds", "", 1),
    ("deadline = -1", "deadline must be a number of seconds", "", 1),
    ('strict = "yes"', "strict must be true or false", "", 1),
    ('gate = "no new failures"', "there is no gate 'no new failures'", "did you mean no-new-failures?", 1),
    ('capabilities = [\n"usi.validate",\n"usi.calls"]', "there is no capability 'usi.calls'", "usi.call", 3),
    ('capabilities = ["initialize"]', "there is no capability 'initialize'", "", 1),
    ('[keystore]\nfile = "a"', "alias is missing in [keystore]", "", 1),
    ('[keystore]\nalias = "a"\npassword_env = "P"', "file is missing in [keystore]", "", 1),
    (
        '[keystore]\nfile = "a"\nalias = "a"\npassword_env = ""',
        "password_env is missing in [keystore]",
        "",
        4,
    ),
    ('[keystore]\npath = "a"', "there is no key 'path' of [keystore]", "", 2),
    ("[signing]", "key is missing in [signing]", "", 1),
    ('[signing]\nkey = ""', "key is empty in [signing]", "", 2),
    (
        '[signing]\nkey = "credential"',
        "the manifest cannot be signed with a credential that is not given",
        "",
        2,
    ),
    (
        '[keystore]\nfile = "a"\nalias = "a"\npassword_env = "P"\n[signing]\nkey = "credential"\n'
        'certificate = "c"',
        "certificate of [signing] would change nothing",
        "leave it out",
        7,
    ),
    (
        '[registration]\norganization = "x"',
        "there is no key 'organization' of [registration]",
        "organisation",
        2,
    ),
    (
        '[registration]\nabn = "51 824 753 557"',
        "this is no Australian Business Number",
        "abr.business.gov.au",
        2,
    ),
    ('[registration]\nabn = "5182475355"', "this is no Australian Business Number", "", 2),
    ('[registration]\ndeployment = "Cloud"', "there is no deployment 'Cloud'", "did you mean cloud?", 2),
    ('[registration]\nenvironments = ["SBR3"]', "there is no environment 'SBR3'", "SBR", 2),
    ('[registration]\nsoftware_id = "123"', "software_id has not its form", "", 2),
    (
        '[registration]\nsoftware_id = "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10"',
        "software_id has not its form",
        "",
        2,
    ),
    ('[registration]\noperations = ["VerifyUsi"]', "there is no operation 'VerifyUsi'", "VerifyUSI", 2),
    ('[registration]\nphone = "ask"', "phone has not its form", "", 2),
    ('[registration]\nemail = "jo"', "email has not its form", "", 2),
    ('[registration]\nproduct = "En\\u202Erol"', "product has a character that nobody sees", "", 2),
    ("registration = 1", "registration must be a table", "", 1),
]


@pytest.mark.parametrize(("text", "message", "advice", "line"), WRONG, ids=range(len(WRONG)))
def test_a_mistake_is_refused_with_its_line(plan, tmp_path, text, message, advice, line):
    """Misspelt keys and names come with the nearest right one."""
    with pytest.raises(OperatorError) as error:
        plan(text)
    assert error.value.message == message
    assert advice in error.value.advice
    assert error.value.where == f"{tmp_path / 'evte.toml'}, line {line}"
    assert error.value.exit_code == 2


def test_a_value_is_found_again_in_the_file(plan, tmp_path):
    """Whoever finds later that a file of the plan is no good can say on which line it stands."""
    found = plan(WHOLE)
    assert found.where("waivers") == f"{tmp_path / 'evte.toml'}, line 11"
    assert found.where("keystore", "trust", 1) == f"{tmp_path / 'evte.toml'}, line 21"
    assert Plan().where("waivers") == ""


def test_options_win_over_the_plan_one_by_one(plan):
    """What an option gives has no line in the plan any more."""
    found = plan(WHOLE).under(seed=0, strict=False, profile=None, out=None)
    assert (found.seed, found.strict, found.profile) == (0, False, "usi-cloud")
    assert found.where("seed") == ""
    assert "line 2" in found.where("profile")


def test_the_kits_own_plan_can_be_read(plan):
    """What `evte init` writes is a plan as it stands, and with every commented key taken in."""
    text = template(iut='cmd:"C:\\my harness.exe"', profile="usi-cloud")
    assert plan(text).iut == 'cmd:"C:\\my harness.exe"'
    taken_in = []
    for line in text.splitlines():
        inside = line.removeprefix("# ")
        key = inside.split(" = ")[0]
        is_key = key in {*reading.KEYS, *reading.KEYSTORE_KEYS, *reading.SIGNING_KEYS}
        taken_in.append(inside if is_key or inside.startswith("[") else line)
    found = plan("\n".join(taken_in))
    assert found.keystore is not None
    assert found.signing is not None
    assert found.gate is Gate.READY
    assert found.capabilities
    assert found.strict
    for table, keys in (
        (found, ("waivers", "attestations", "baseline", "history", "seed", "examples", "deadline_s", "pdf")),
        (found.keystore, reading.KEYSTORE_KEYS),
        (found.signing, reading.SIGNING_KEYS),
    ):
        for key in keys:
            assert getattr(table, key) not in (None, "", ()), key


def test_the_kits_own_plan_explains_every_key():
    """No key is left for the reader to find elsewhere."""
    text = template(iut="reference", profile="smoke")
    for key in (*reading.KEYS, *reading.KEYSTORE_KEYS, *reading.SIGNING_KEYS, *reading.REGISTRATION_KEYS):
        assert f"{key} = " in text or f"[{key}]" in text, key


DAMAGE = st.lists(
    st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 8), st.text("=[]{}\"'#.,\n\\x0é", max_size=4)),
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DAMAGE)
def test_a_damaged_plan_is_read_or_refused_in_words(tmp_path, damage):
    """Never a traceback; and where it is still TOML, everything in it has its line."""
    text = WHOLE
    for position, length, instead in damage:
        text = text[:position] + instead + text[position + length :]
    path = tmp_path / "evte.toml"
    path.write_text(text, encoding="utf-8", newline="")
    refused = None
    try:
        read(path)
    except OperatorError as error:
        refused = error
    assert refused is None or str(path) in refused.where
    try:
        content = tomllib.loads(text)
    except ValueError:
        return
    lines = places.find(text.replace("\r\n", "\n"))
    for place in all_places(content):
        assert place in lines, place


def all_places(value, place=()):
    """Every place of a document."""
    if place:
        yield place
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in steps:
        yield from all_places(each, (*place, key))
