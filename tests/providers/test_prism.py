"""Every request to ElevenLabs and OpenAI, judged by their own published specifications, which Prism serves.

Prism checks each against the schema; what it answers is made up, and only the status counts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import reduce
from operator import getitem
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.providers.recorded import CASES, SENTENCES, Sent, recorded
from tts_async.providers.elevenlabs_options import FORMATS

# Prism takes some seconds to start, and a test's 20 s are for what the test does.
pytestmark = [pytest.mark.real_time, pytest.mark.timeout(20, func_only=True)]

ROOT = Path(__file__).parents[2]
SPECS = Path(os.environ.get("TTS_ASYNC_SPECS", ROOT.parent / "shared/specs"))
PRISM = os.environ.get("TTS_ASYNC_PRISM", str(ROOT / ".prism/node_modules/.bin/prism"))
START_S = 60.0
LISTENS = "Prism is listening on "

JUDGES = {"api.elevenlabs.io": ("elevenlabs-tts.json", ""), "api.openai.com": ("openai-speech.json", "/v1")}
"""Host -> its specification, and what that leaves off from the paths."""

CONTEXT = {"future_text", "next_request_ids", "previous_request_ids", "previous_text"}
NEWER = {"/v1/text-to-dialogue": CONTEXT, "/v1/text-to-dialogue/with-timestamps": CONTEXT}
"""Path -> fields that the client sends and the saved specification does not know, for they are newer."""

CONNECTION = {"host", "content-length", "connection", "accept-encoding"}
"""Headers that are about another connection."""

Judge = Callable[[Sent], httpx.Response]
Change = Callable[[Sent], Sent]


@pytest.fixture(scope="session")
def specs() -> Mapping[str, Any]:
    """The saved specifications, by host."""
    missing = [str(SPECS / spec) for spec, _ in JUDGES.values() if not (SPECS / spec).is_file()]
    if missing:
        pytest.skip(f"the providers' specifications are not here: {', '.join(missing)}; see $TTS_ASYNC_SPECS")
    return {host: json.loads((SPECS / spec).read_text("utf-8")) for host, (spec, _) in JUDGES.items()}


@pytest.fixture(scope="session")
def judge(specs: Mapping[str, Any]) -> Iterator[Judge]:
    """Prism for each specification, all started at once."""
    if not shutil.which("node"):
        pytest.skip("Prism needs node, which is not here")
    if not shutil.which(PRISM):
        pytest.skip(f"Prism is not at {PRISM}; .ci/run installs it, and $TTS_ASYNC_PRISM may name another place")
    with ExitStack() as stack:
        prisms = {host: stack.enter_context(started(SPECS / spec)) for host, (spec, _) in JUDGES.items()}
        addresses = {host: address.result(START_S) for host, address in prisms.items()}
        client = stack.enter_context(httpx.Client(trust_env=False))

        def judged(sent: Sent) -> httpx.Response:
            return client.request(
                sent.method,
                addresses[sent.host] + asked(sent),
                params=sent.query,
                headers={name: value for name, value in sent.headers.items() if name not in CONNECTION},
                json=sent.body or None,
            )

        yield judged


def asked(sent: Sent) -> str:
    """The path of a request as its specification has it."""
    _, left_off = JUDGES[sent.host]
    assert sent.path.startswith(left_off), sent
    return sent.path.removeprefix(left_off)


@contextmanager
def started(spec: Path) -> Iterator[Future[str]]:
    """Prism at a free port until the block ends; its address, as soon as it listens there."""
    address: Future[str] = Future()

    def read(lines: Iterable[str]) -> None:
        """Read to the end what it says, for it stops where nobody does."""
        said = []
        for line in lines:
            said.append(line)
            if LISTENS in line:
                address.set_result(line.partition(LISTENS)[2].strip())
        if not address.done():
            address.set_exception(AssertionError(f"Prism does not serve {spec}: {''.join(said)}"))

    command = [PRISM, "mock", "-h", "127.0.0.1", "-p", "0", str(spec)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8") as prism:
        reader = Thread(target=read, args=(prism.stdout,))
        reader.start()
        try:
            yield address
        finally:
            prism.kill()
            reader.join()


@pytest.mark.parametrize("case", CASES)
def test_every_request_is_accepted(judge: Judge, case: str) -> None:
    """What the client sends is what the provider says that it takes."""
    for sent in recorded(case):
        answer = judge(sent)
        assert answer.status_code == 200, f"{sent}: {answer.status_code} {answer.text}"


def body(**fields: object) -> Change:
    """Other fields of a body; `None` leaves one out."""
    return lambda sent: replace(sent, body=changed(sent.body, fields))


def query(**fields: object) -> Change:
    """Other parameters."""
    return lambda sent: replace(sent, query=changed(sent.query, fields))


def anonymous(sent: Sent) -> Sent:
    """Without a key."""
    return replace(sent, headers=changed(sent.headers, {"authorization": None}))


def astray(sent: Sent) -> Sent:
    """To an address that there is not."""
    return replace(sent, path=f"{sent.path}/nowhere")


def changed(old: Mapping[str, Any], fields: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in {**old, **fields}.items() if value is not None}


WRONG: list[tuple[str, str, Change, int]] = [
    ("narrative", "no text", body(text=None), 422),
    ("narrative", "unknown format", query(output_format="mp3_44100_127"), 422),
    ("narrative", "unknown path", astray, 404),
    ("narrative, every option", "seed that is no number", body(seed="seven"), 422),
    ("narrative, every option", "unknown normalization", body(apply_text_normalization="maybe"), 422),
    ("narrative, every option", "dictionary without id", body(pronunciation_dictionary_locators=[{}]), 422),
    ("narrative, every option", "logging that is no flag", query(enable_logging="perhaps"), 422),
    ("narrative, voice settings", "stability of 2", body(voice_settings={"stability": 2}), 422),
    ("narrative, timed", "no text", body(text=None), 422),
    ("narrative, ids", "one id for a list", body(previous_request_ids="one"), 422),
    ("narrative, repaired", "numbers for ids", body(next_request_ids=[1, 2]), 422),
    ("v3", "language that is a number", body(language_code=7), 422),
    ("v3, timed", "stability of 2", body(voice_settings={"stability": 2}), 422),
    ("dialogue", "no inputs", body(inputs=None), 422),
    ("dialogue", "input without voice", body(inputs=[{"text": "Hello."}]), 422),
    ("dialogue, every option", "unknown format", query(output_format="mp3"), 422),
    ("dialogue, voice settings", "stability of 2", body(settings={"stability": 2}), 422),
    ("dialogue, timed", "input without text", body(inputs=[{"voice_id": "George"}]), 422),
    ("dialogue, turn by turn", "text of turns", body(text=[SENTENCES[0]]), 422),
    ("v4", "text before that is a number", body(previous_text=7), 422),
    ("v4 dialogue", "no inputs", body(inputs=None), 422),
    ("v4 dialogue, ids", "model that is a number", body(model_id=4), 422),
    ("v4 dialogue, repaired", "inputs that are no list", body(inputs=SENTENCES[0]), 422),
    ("v4 dialogue, timed", "input without text", body(inputs=[{"voice_id": "George"}]), 422),
    ("voices", "page size that is no number", query(page_size="many"), 422),
    ("voices, page by page", "page size that is no number", query(page_size="1.5"), 422),
    ("models", "unknown path", astray, 404),
    ("subscription", "unknown path", astray, 404),
    ("history", "unknown direction", query(sort_direction="sideways"), 422),
    ("history, of a dialogue", "date that is no number", query(date_after_unix="today"), 422),
    ("history, page by page", "page size that is no number", query(page_size="all"), 422),
    ("history, found", "unknown path", astray, 404),
    ("openai, mp3", "unknown format", body(response_format="ogg"), 422),
    ("openai, opus", "4,097 characters", body(input="a" * 4097), 422),
    ("openai, aac", "no voice", body(voice=None), 422),
    ("openai, flac", "speed of 9", body(speed=9), 422),
    ("openai, wav", "unknown field", body(seed=7), 422),
    ("openai, pcm", "instructions of 4,097 characters", body(instructions="a" * 4097), 422),
    ("openai, plain", "no key", anonymous, 401),
    ("openai, plain", "no text", body(input=None), 422),
    ("openai, plain", "unknown path", astray, 404),
    ("openai, tts-1", "speed of 0.2", body(speed=0.2), 422),
    ("openai, voice settings", "no model", body(model=None), 422),
    ("openai, own voice", "voice without id", body(voice={"name": "nova"}), 422),
    ("openai, models", "no key", anonymous, 401),
]
"""Case, what is wrong with its last request, how to make it so, and the status that says so."""


@pytest.mark.parametrize(
    ("case", "change", "status"),
    [pytest.param(case, change, status, id=f"{case}-{wrong}") for case, wrong, change, status in WRONG],
)
def test_a_wrong_one_is_refused(judge: Judge, case: str, change: Change, status: int) -> None:
    """So the judge does look: at the path, the key, the query and the body of each."""
    wrong = change(recorded(case)[-1])
    answer = judge(wrong)
    assert answer.status_code == status, f"{wrong}: {answer.status_code} {answer.text}"


def test_there_is_a_wrong_one_of_each() -> None:
    """No case is believed that was not seen to be refused."""
    assert {case for case, *_ in WRONG} == CASES.keys()


@pytest.mark.parametrize("case", ["narrative", "narrative, timed", "dialogue", "dialogue, timed"])
def test_every_format_is_accepted(judge: Judge, case: str) -> None:
    """All that can be set for ElevenLabs, wherever it can be asked for."""
    sent = recorded(case)[-1]
    refused = [name for name in FORMATS if judge(query(output_format=name)(sent)).status_code != 200]
    assert refused == []


def test_newer_fields_are_known_by_name(specs: Mapping[str, Any]) -> None:
    """ElevenLabs takes unknown fields in silence, so a field with a wrong name is found by its name only."""
    found: dict[str, set[str]] = {}
    for sent in [sent for case in CASES for sent in recorded(case)]:
        path, known = fields_of(specs[sent.host], sent)
        if newer := {*sent.query, *fields(sent.body)} - known:
            found.setdefault(path, set()).update(newer)
    assert found == NEWER


def fields(value: object, at: str = "") -> Iterator[str]:
    """The names of all fields in a body; one inside of another has both names, with a dot."""
    for each in value if isinstance(value, list) else ():
        yield from fields(each, at)
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield f"{at}{name}"
        yield from fields(inner, f"{at}{name}.")


def fields_of(spec: Mapping[str, Any], sent: Sent) -> tuple[str, set[str]]:
    """The path that a specification has for a request, and the names of its parameters and fields."""
    [path] = [each for each in spec["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), asked(sent))]
    told = spec["paths"][path][sent.method.lower()]
    schema = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return path, {each["name"] for each in told.get("parameters", ())} | set(in_schema(spec, schema))


def in_schema(spec: Mapping[str, Any], schema: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """The names of all fields in a schema."""
    if named := schema.get("$ref"):
        schema = reduce(getitem, named.removeprefix("#/").split("/"), spec)
    for each in [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]:
        yield from in_schema(spec, each, at)
    if "items" in schema:
        yield from in_schema(spec, schema["items"], at)
    for name, inner in schema.get("properties", {}).items():
        yield f"{at}{name}"
        yield from in_schema(spec, inner, f"{at}{name}.")
