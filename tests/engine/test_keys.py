"""A key comes from where it was put, and goes nowhere in the clear."""

from __future__ import annotations

import pytest

from tests.engine.fakes import KeyedTones
from tts_async.engine.keys import is_safe, key_for, without_key
from tts_async.errors import ConfigError
from tts_async.providers.base import Auth
from tts_async.providers.tone import ToneProvider


class Optional(KeyedTones):
    """A service that answers without a key, too."""

    auth = Auth(header="x-key", variable="OPTIONAL_KEY", required=False)


def test_the_given_key_goes_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said in the program is meant for it."""
    monkeypatch.setenv(KeyedTones.auth.variable, "theirs")
    assert key_for(KeyedTones(), None) == "theirs"
    assert key_for(KeyedTones(), "ours") == "ours"


def test_a_missing_key_is_a_sentence() -> None:
    """It names the variable, and the way to do without."""
    with pytest.raises(ConfigError, match=f"keyed needs a key: set {KeyedTones.auth.variable}, or pass"):
        key_for(KeyedTones(), None)
    assert key_for(Optional(), None) is None
    assert key_for(ToneProvider(), "any") is None


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1\r\nx-evil: 1", " sk", "schlüssel", "sk\x00"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    """It is refused at once, by a sentence that does not quote it."""
    with pytest.raises(ConfigError, match="The key for keyed") as caught:
        key_for(KeyedTones(), key)
    assert key.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://api.elevenlabs.io", True),
        ("http://api.elevenlabs.io", False),
        ("http://127.0.0.1:8880/v1", True),
        ("http://[::1]:80", True),
        ("http://localhost:9000", True),
        ("http://10.1.2.3", True),
        ("http://192.168.0.9", True),
        ("http://8.8.8.8", False),
        ("http://kokoro:8880", True),
        ("http://tts.lan", True),
        ("http://tts.internal.", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://[2001:4860:4860::8888]", False),
    ],
)
def test_where_a_key_may_go(url: str, safe: bool) -> None:
    """Encrypted anywhere; in the clear only inside this machine and private networks."""
    assert is_safe(url) is safe


def test_a_key_stays_off_the_open_internet() -> None:
    """Unless somebody says that it is meant."""
    public = KeyedTones()
    public.base_url = "http://tones.example.org"
    with pytest.raises(ConfigError, match="would cross the Internet unencrypted") as caught:
        key_for(public, "k-secret")
    assert "k-secret" not in str(caught.value)
    assert key_for(public, "k-secret", over_http=True) == "k-secret"


def test_a_key_that_is_quoted_back_is_hidden() -> None:
    """Servers quote what they refuse."""
    assert without_key(b"bad key k-secret!", "k-secret") == b"bad key ***!"
    assert without_key(b"bad key", None) == b"bad key"
    assert without_key(b"\xff\xfbk audio", "k") == b"\xff\xfbk audio"
