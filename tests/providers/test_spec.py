"""How users name a provider, and how other packages add theirs."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.plans import chunk_of
from tts_async import providers
from tts_async.core.exchange import PLANNED
from tts_async.errors import ConfigError
from tts_async.providers import configured
from tts_async.providers.base import HttpProvider
from tts_async.providers.elevenlabs import ElevenLabsProvider
from tts_async.providers.local import LocalProvider
from tts_async.providers.openai import OpenAIProvider
from tts_async.providers.spec import read_spec
from tts_async.providers.tone import ToneProvider

SECRET = "s3kret"


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("elevenlabs", "<ElevenLabsProvider eleven_multilingual_v2 at https://api.elevenlabs.io>"),
        ("elevenlabs:eleven_v3", "<ElevenLabsProvider eleven_v3 at https://api.elevenlabs.io>"),
        ("elevenlabs+http://127.0.0.1:9000", "<ElevenLabsProvider eleven_multilingual_v2 at http://127.0.0.1:9000>"),
        ("elevenlabs:eleven_v3+http://127.0.0.1:9000", "<ElevenLabsProvider eleven_v3 at http://127.0.0.1:9000>"),
        ("openai", "<OpenAIProvider gpt-4o-mini-tts at https://api.openai.com/v1>"),
        ("openai:gpt-4o-mini-tts", "<OpenAIProvider gpt-4o-mini-tts at https://api.openai.com/v1>"),
        ("openai:hexgrad/Kokoro-82M:x", "<OpenAIProvider hexgrad/Kokoro-82M:x at https://api.openai.com/v1>"),
        ("openai+http://127.0.0.1:8880/v1", "<OpenAIProvider tts-1 at http://127.0.0.1:8880/v1>"),
        ("openai:kokoro+http://localhost", "<OpenAIProvider kokoro at http://localhost/v1>"),
        ("openai+https://[::1]:8880/speech/", "<OpenAIProvider tts-1 at https://[::1]:8880/speech>"),
    ],
)
def test_what_is_accepted(spec: str, shown: str) -> None:
    """A name, with a model, with an address, or with both."""
    assert repr(providers.find(spec)) == shown


def test_those_without_a_server() -> None:
    """Their name is all."""
    assert type(providers.find("local")) is LocalProvider
    assert type(providers.find("tone")) is ToneProvider


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("", "'' names no provider; write NAME, NAME:MODEL, NAME+http://HOST:PORT"),
        (":eleven_v3", "names no provider"),
        ("+http://127.0.0.1", "names no provider"),
        ("openai:", "names no provider"),
        ("openai+", "names no provider"),
        ("openai:+http://127.0.0.1", "names no provider"),
        (" openai", "names no provider"),
        ("openai ", "names no provider"),
        ("openai: tts-1", "names no provider"),
        ("openai:tts-1 +http://127.0.0.1", "names no provider"),
        ("openai+ http://127.0.0.1", "names no provider"),
        ("openai\n", "names no provider"),
        ("open\x1bai", r"'open\x1bai' names no provider"),
        ("open ai", "There is no provider 'open ai'; there are local, elevenlabs, openai, tone"),
        ("OpenAI", "There is no provider 'OpenAI'"),
        ("openai+ftp://127.0.0.1", "'ftp://127.0.0.1' is no address of an HTTP server; it starts with http:// or"),
        ("openai+127.0.0.1:8880", "'127.0.0.1:8880' is no address"),
        ("openai+http://", "'http://' is no address"),
        ("openai+http://:8880", "'http://:8880' is no address"),
        ("openai+http:///v1", "'http:///v1' is no address"),
        ("openai+http://127.0.0.1:0", "'http://127.0.0.1:0' is no address"),
        ("openai+http://127.0.0.1:65536", "'http://127.0.0.1:65536' is no address"),
        ("openai+http://127.0.0.1:http", "'http://127.0.0.1:http' is no address"),
        ("openai+http://[::1", "'http://[::1' is no address"),
        ("openai+http://my host/v1", "'http://my host/v1' is no address"),
        ("openai:a+b+http://127.0.0.1", "'b+http://127.0.0.1' is no address"),
        ("openai+http://127.0.0.1/v1?x=1", "The address of 127.0.0.1 ends with a query; give the part before"),
        ("openai+http://127.0.0.1/v1?", "ends with a query"),
        ("openai+http://127.0.0.1/v1#x", "ends with a query"),
        ("openai+http://127.0.0.1#", "ends with a query"),
        ("local:x", "local has no models to choose from; leave out 'x'."),
        ("local+http://127.0.0.1", "local has no server whose address could be 'http://127.0.0.1'"),
        ("tone+http://x", "tone has no server whose address could be 'http://x'"),
    ],
)
def test_what_is_refused(spec: str, says: str) -> None:
    """By a sentence with what was written in it, and how it should be."""
    with pytest.raises(ConfigError) as caught:
        providers.find(spec)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        f"http://anna:{SECRET}@127.0.0.1/v1",
        f"http://{SECRET}@127.0.0.1/v1",
        f"http://:{SECRET}@127.0.0.1",
        f"http://anna:a@{SECRET}@127.0.0.1",
        f"http://anna:{SECRET}@127.0.0.1:99999",
        f"http://anna:{SECRET}@",
        f"http://anna:{SECRET}@my host",
        f"ftp://anna:{SECRET}@127.0.0.1",
        f"anna:{SECRET}@127.0.0.1",
        f"http://anna:{SECRET}@127.0.0.1 ",
        f"http://anna:{SECRET}@127.0.0.1\n",
        f"http://127.0.0.1/v1?key={SECRET}",
        f"ftp://127.0.0.1/v1?key={SECRET}",
        f"http://127.0.0.1/v1#{SECRET}",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(address: str) -> None:
    """A key is given as a key; what stands in its place in an address is in no message."""
    with pytest.raises(ConfigError) as caught:
        providers.find(f"openai+{address}")
    shown = [str(caught.value), repr(caught.value), str(caught.value.__cause__), str(caught.value.__context__)]
    assert SECRET not in "".join(shown)
    assert "127.0.0.1" in shown[0] or "@" in shown[0]


Words = st.text(st.characters(exclude_characters="+:", categories=["L", "N", "P", "S"]), min_size=1)


@given(name=Words, model=Words | st.just(""), host=st.sampled_from(["", "http://127.0.0.1:90", "https://a.test/b+c"]))
def test_a_spec_is_read_as_it_was_written(name: str, model: str, host: str) -> None:
    """Name, model and address come apart where they were put together."""
    spec = read_spec(name + f":{model}" * bool(model) + f"+{host}" * bool(host))
    assert (spec.name, spec.model, spec.base_url) == (name, model, host)


@given(spec=st.text() | st.builds("openai+http://{}".format, st.text()))
def test_any_text_is_a_spec_or_a_sentence(spec: str) -> None:
    """Nothing that is typed raises anything else."""
    try:
        found = providers.find(spec)
    except ConfigError as error:
        sentence = str(error)
    else:
        sentence = repr(found)
        assert not isinstance(found, HttpProvider) or found.base_url.startswith("http")
    assert len(sentence.splitlines()) == 1


# Options


@pytest.mark.parametrize(
    ("spec", "options", "says"),
    [
        ("elevenlabs", {"model": "eleven_v3"}, "elevenlabs knows no option 'model'"),
        ("elevenlabs", {"base_url": "http://x"}, "elevenlabs knows no option 'base_url'"),
        ("elevenlabs", {"choices": None}, "ElevenLabs knows no option 'choices'"),
        ("openai", {"pitch": 1}, "openai knows no option 'pitch'"),
        ("tone", {"pitch": 1}, "tone knows no option 'pitch'"),
    ],
)
def test_an_option_that_nobody_knows(spec: str, options: dict[str, object], says: str) -> None:
    """Model and address are named in the spec, and others are none."""
    with pytest.raises(ConfigError, match=says):
        providers.find(spec, options)


def test_options_of_a_digest() -> None:
    """A provider without options says that a digest sets some; none at all change nothing."""
    tone, openai = ToneProvider(), OpenAIProvider()
    plain = cast(ToneProvider, SimpleNamespace(name="plain"))
    assert configured(plain, {}) is plain
    assert configured(openai, {}) is openai
    assert isinstance(configured(openai, {"speed": 2.0}), OpenAIProvider)
    with pytest.raises(ConfigError, match="plain has no options, and the digest sets a, b"):
        configured(plain, {"b": 1, "a": 2})
    assert configured(tone, {"s_per_char": 0.5}).request(chunk_of(("narrator", "a")), PLANNED).body["s_per_char"] == 0.5
    with pytest.raises(ConfigError, match="tone knows no option 'a'; it knows s_per_char"):
        configured(tone, {"a": 2})


@pytest.mark.parametrize("value", ["hi", True, math.nan, [1], 0, -1, 2, None])
def test_an_option_that_is_no_length(value: object) -> None:
    """Where it is given on a command line, or in a digest, it is a sentence."""
    with pytest.raises(ConfigError, match="s_per_char"):
        ToneProvider(s_per_char=cast(float, value))
    with pytest.raises(ConfigError, match="s_per_char"):
        configured(ToneProvider(), {"s_per_char": value})


# Providers of other packages

Added = Callable[..., None]

SOURCE = """
from tts_async.providers.tone import ToneProvider

class Acme(ToneProvider):
    name = "acme"

    def __init__(self, *, model: str = "") -> None:
        super().__init__()
        self.model = model
"""


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Added]:
    """Install a package with these entry points."""

    def install(**points: str) -> None:
        folder = tmp_path / "site"
        told = folder / "acme_tts-1.0.dist-info"
        told.mkdir(parents=True)
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tts\nVersion: 1.0\n", encoding="utf-8")
        lines = [f"[{providers.GROUP}]", *(f"{name} = {where}" for name, where in points.items())]
        (told / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        (folder / "acme_tts.py").write_text(SOURCE, encoding="utf-8")
        monkeypatch.syspath_prepend(folder)
        providers._added.cache_clear()

    yield install
    providers._added.cache_clear()
    sys.modules.pop("acme_tts", None)


def test_another_package_adds_a_provider(added: Added) -> None:
    """It is listed behind ours, in the order of the alphabet, and found with a model where it takes one."""
    added(zebra="acme_tts:Acme", acme="acme_tts:Acme")
    assert providers.names() == ["local", "elevenlabs", "openai", "tone", "acme", "zebra"]
    found = providers.find("acme:loud")
    assert (type(found).__name__, found.name) == ("Acme", "acme")
    assert vars(found)["model"] == "loud"
    with pytest.raises(ConfigError, match="acme has no server"):
        providers.find("acme+http://127.0.0.1")
    with pytest.raises(ConfigError, match="there are local, elevenlabs, openai, tone, acme, zebra"):
        providers.find("nobody")


def test_another_package_replaces_none_of_ours(added: Added) -> None:
    """Nobody gets at a key by the name of a provider."""
    added(elevenlabs="acme_tts:Acme", openai="acme_tts:Acme")
    assert providers.names() == ["local", "elevenlabs", "openai", "tone"]
    assert type(providers.find("elevenlabs")) is ElevenLabsProvider
    assert type(providers.find("openai")) is OpenAIProvider


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("acme_tts_missing:Acme", "No module named 'acme_tts_missing'"),
        ("acme_tts:Missing", "has no attribute 'Missing'"),
    ],
)
def test_another_package_that_is_broken(where: str, says: str, added: Added) -> None:
    """It is a sentence when it is asked for, and no trouble to others."""
    added(acme=where)
    assert "acme" in providers.names()
    assert providers.find("tone").name == "tone"
    with pytest.raises(ConfigError, match=f"The provider 'acme' of another package cannot be loaded: .*{says}"):
        providers.find("acme")
