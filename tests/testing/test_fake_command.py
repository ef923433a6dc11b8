"""The command that serves the fake."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

import tts_async
from tests.testing.asking import KEY, SPEECH
from tts_async.faces.cli.fake import fake

CODE = "from tts_async.faces.cli.fake import fake; fake()"
FOLDER = Path(next(iter(tts_async.__path__))).parent


@pytest.mark.real_time
def test_it_serves_until_it_is_interrupted() -> None:
    """It says where it listens, behaves as told, and ends without a word on standard error."""
    told = ("--latency", "0", "--fault", "system_busy@2", "--window", "2/60@openai")
    command = subprocess.Popen(
        [sys.executable, "-c", CODE, *told], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=FOLDER
    )
    with command:
        assert command.stdout
        lines = [command.stdout.readline() for _ in range(3)]
        listening = re.fullmatch(r"Listening on (http://127\.0\.0\.1:\d+)\n", lines[0])
        assert listening, lines
        with httpx.Client(base_url=listening[1], headers=KEY) as client:
            answers = [client.post(SPEECH, json={"text": "Hello."}) for _ in range(4)]
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=10)
    assert [answer.status_code for answer in answers] == [200, 429, 200, 429]
    codes = [answer.json()["detail"]["code"] for answer in answers if answer.status_code == 429]
    assert codes == ["system_busy", "rate_limit_exceeded"]
    assert answers[0].headers["x-ratelimit-remaining-requests"] == "1"
    assert (command.returncode, err) == (0, "")
    assert f"{listening[1]}/v1/text-to-speech/" in lines[1]
    assert f'base_url="{listening[1]}/v1"' in lines[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fault", "earthquake"), "There is no fault 'earthquake'"),
        (("--fault", "cut@x"), "'cut@x' is no fault"),
        (("--fault", "cut@120%"), "share cannot be 1.2"),
        (("--window", "60"), "'60' is no window"),
        (("--window", "60/60@klingon"), "There is no dialect 'klingon'"),
        (("--overflow", "drop"), "overflow cannot be 'drop'"),
        (("--concurrency", "0"), "concurrency cannot be 0"),
        (("--latency", "nan"), "first_s cannot be nan"),
    ],
)
def test_what_cannot_be_told(arguments: tuple[str, ...], said: str) -> None:
    """A mistake in usage, in a sentence."""
    done = CliRunner().invoke(fake, arguments)
    assert (done.exit_code, said in done.output) == (2, True), done.output
