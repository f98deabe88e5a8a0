"""What looks like a secret is refused, with its line, and is not repeated."""

import pytest

from conformance.errors import OperatorError
from conformance.plan import document, secret
from conformance.plan.template import template

KEY = "-----BEGIN RSA PRIVATE KEY-----"

REFUSED = [
    'password = "hunter2"',
    'Password = ""',
    "pin = 1234",
    '[keystore]\npassword_env = "EVTE_P"\npassword = "hunter2"',
    '[keystore]\nkeystorePassword = "hunter2"',
    '[signing]\nprivate_key = "hunter2"',
    '[signing]\napi-key = "hunter2"',
    'a = { b = [ { "access token" = "hunter2" } ] }',
    '[keystore]\npassword_env = "hunter2!"',
    '[keystore]\npassword_env = "my password is hunter2"',
    f'[signing]\nkey = """\n{KEY}\nhunter2\n"""',
    f"# {KEY} hunter2\n",
    f'a = [["x", "{KEY} hunter2"]]',
    'iut = "https://jo:hunter2@example.com/"',
    'iut = "http://:hunter2@127.0.0.1:8080/"',
    'iut = "cmd:harness --password hunter2"',
    'iut = "cmd:harness --password=hunter2 --verbose"',
    'iut = "cmd:java -Dkeystore.password=hunter2 -jar h.jar"',
    'iut = "http://127.0.0.1/?token=hunter2"',
    'iut = "http://127.0.0.1/?x=1&api_key=hunter2"',
    'note = "Authorization: Bearer hunter2hunter2hunter2"',
    'note = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2"',
    'profile = "smoke" # password = "hunter2"',
    "# keystore_password = 'hunter2'",
]

ALLOWED = [
    'password_env = "EVTE_KEYSTORE_PASSWORD"',
    'password_env = ""',
    'iut = "cmd:harness --password-env EVTE_P --config harness.ini"',
    'iut = "http://127.0.0.1:8080/harness"',
    'iut = "https://example.com/users@home"',
    'reason = "the token is refused when the password was changed, see secret handling"',
    'message_prefix = "the log shows password=********"',
    '# password_env = "EVTE_P"',
    "# the password is in the variable EVTE_P",
    'key = "keys/token-signing.pem"',
    'compass = "north"',
    '"pinned version" = "1"',
]


def read(tmp_path, text):
    path = tmp_path / "evte.toml"
    path.write_text(text, encoding="utf-8")
    return document.read(path, "the plan")


@pytest.mark.parametrize("text", REFUSED)
def test_a_file_that_holds_a_secret_is_refused(tmp_path, text):
    """The error has the line and what to do; the secret is nowhere in it."""
    with pytest.raises(OperatorError) as error:
        read(tmp_path, text)
    assert error.value.message == "the file holds what looks like a secret"
    assert "evte.toml, line " in error.value.where
    assert "hunter2" not in str(error.value)
    assert "password_env" in error.value.advice


def test_the_line_is_that_of_the_secret(tmp_path):
    """Also inside of tables, lists and comments."""
    with pytest.raises(OperatorError, match="line 4"):
        read(tmp_path, '[a]\nb = 1\n[[c]]\ntoken = "x"\n')
    with pytest.raises(OperatorError, match="line 3"):
        read(tmp_path, f'a = [\n"x",\n"{KEY}"]\n')
    with pytest.raises(OperatorError, match="line 2"):
        read(tmp_path, 'a = 1\n# passphrase = "x"\n')


@pytest.mark.parametrize("text", ALLOWED)
def test_what_only_speaks_of_secrets_is_let_pass(tmp_path, text):
    """The name of a variable, the word in a sentence, and what the kit itself had said."""
    read(tmp_path, text)


def test_the_kits_own_plan_holds_none():
    """What `evte init` writes passes, comments included."""
    assert list(secret.find_in_text(template(iut="reference", profile="smoke"))) == []
