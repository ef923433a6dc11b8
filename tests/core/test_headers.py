"""What headers say about limits: at least one example of every dialect, and nothing that could do harm."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_async.core import credit, pace
from tts_async.core.credit import Ledger, Spent
from tts_async.core.headers import LONGEST_WAIT_S, MOST_AT_ONCE, MOST_CREDITS, Credit, Signals, Unit, read
from tts_async.core.moments import Reading
from tts_async.core.pace import Pace

NOW_S = 1_790_000_000.0
"""Mon, 21 Sep 2026 14:13:20 GMT."""


def told(
    limit: float, remaining: float, refill_per_s: float, *, name: str = "requests", unit: Unit = "requests"
) -> Credit:
    return Credit(name=name, unit=unit, limit=limit, remaining=remaining, refill_per_s=refill_per_s)


def one(*told: Credit) -> Signals:
    return Signals(credits=told)


TRIPLE = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "40"}
"""60 of 100 are used."""

DIALECTS: Mapping[str, tuple[Mapping[str, str], Signals]] = {
    "delta seconds (Zalando)": ({**TRIPLE, "x-ratelimit-reset": "2513"}, one(told(100, 40, 60 / 2513))),
    "epoch seconds (GitHub)": ({**TRIPLE, "x-ratelimit-reset": "1790000030"}, one(told(100, 40, 2))),
    "epoch seconds, two words (Twitter)": (
        {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "40", "x-rate-limit-reset": "1790000030"},
        one(told(100, 40, 2)),
    ),
    "epoch milliseconds (Rocket.Chat)": ({**TRIPLE, "x-ratelimit-reset": "1790000030000"}, one(told(100, 40, 2))),
    "an epoch that is over: all is back": ({**TRIPLE, "x-ratelimit-reset": "1372700873"}, one(told(100, 100, 0))),
    "a reset now": ({**TRIPLE, "x-ratelimit-reset": "0"}, one(told(100, 100, 0))),
    "an unknown reset": ({**TRIPLE, "x-ratelimit-reset": "-1"}, one(told(100, 40, 0))),
    "fractional delta (Discord)": ({**TRIPLE, "x-ratelimit-reset-after": "1.250"}, one(told(100, 40, 48))),
    "fractional delta besides an epoch (Discord)": (
        {**TRIPLE, "x-ratelimit-reset": "1790000030.123", "x-ratelimit-reset-after": "1.250"},
        one(told(100, 40, 48)),
    ),
    "a long Go duration": ({**TRIPLE, "x-ratelimit-reset": "1h23m31s"}, one(told(100, 40, 60 / 5011))),
    "a short Go duration": ({**TRIPLE, "x-ratelimit-reset": "12ms"}, one(told(100, 40, 5000))),
    "Go durations (OpenAI, Groq)": (
        {
            "x-ratelimit-limit-requests": "50",
            "x-ratelimit-remaining-requests": "49",
            "x-ratelimit-reset-requests": "1.2s",
            "x-ratelimit-limit-tokens": "60000",
            "x-ratelimit-remaining-tokens": "30000",
            "x-ratelimit-reset-tokens": "1m0s",
        },
        one(told(50, 49, 1 / 1.2), told(60000, 30000, 500, name="tokens", unit="tokens")),
    ),
    "characters": (
        {
            "x-ratelimit-limit-characters": "1000",
            "x-ratelimit-remaining-characters": "0",
            "x-ratelimit-reset-characters": "10",
        },
        one(told(1000, 0, 100, name="characters", unit="chars")),
    ),
    "RFC 3339 (Anthropic)": (
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "20",
            "anthropic-ratelimit-requests-reset": "2026-09-21T14:13:50Z",
        },
        one(told(50, 20, 1)),
    ),
    "HTTP date (gateways)": (
        {**TRIPLE, "x-ratelimit-reset": "Mon, 21 Sep 2026 14:13:50 GMT"},
        one(told(100, 40, 2)),
    ),
    "window in the name (Mistral, Cerebras)": (
        {
            "x-ratelimit-limit-req-minute": "23",
            "x-ratelimit-remaining-req-minute": "4",
            "x-ratelimit-limit-tokens-day": "86400",
            "x-ratelimit-remaining-tokens-day": "5",
            "x-ratelimit-limit-requests-hour": "3600",
            "x-ratelimit-remaining-requests-hour": "9",
        },
        one(
            told(23, 4, 23 / 60, name="req-minute"),
            told(86400, 5, 1, name="tokens-day", unit="tokens"),
            told(3600, 9, 1, name="requests-hour"),
        ),
    ),
    "window header (Azure)": (
        {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": "7",
            "x-ratelimit-renewalperiod-requests": "60",
        },
        one(told(60, 7, 1)),
    ),
    "a type that says which limit (GitHub Models)": (
        {
            "x-ratelimit-limit-requests": "5",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-renewalperiod-requests": "60",
            "x-ratelimit-type": "UserConcurrentRequests",
            "x-ratelimit-timeremaining": "17",
        },
        Signals(kind="concurrency"),
    ),
    "limit with policy (draft 03)": (
        {"ratelimit-limit": "100, 100;w=10", "ratelimit-remaining": "5", "ratelimit-reset": "3"},
        one(told(100, 5, 10)),
    ),
    "the policy of the limit in force (draft 03's own example)": (
        {
            "ratelimit-limit": "5000, 1000;w=3600, 5000;w=86400",
            "ratelimit-remaining": "100",
            "ratelimit-reset": "36000",
        },
        one(told(5000, 100, 5000 / 86400)),
    ),
    "three fields and a policy (drafts 04 to 06)": (
        {
            "ratelimit-limit": "100",
            "ratelimit-remaining": "5",
            "ratelimit-reset": "3",
            "ratelimit-policy": "1000;w=3600, 100;w=10",
        },
        one(told(100, 5, 10)),
    ),
    "one dictionary (draft 07)": (
        {"ratelimit": "limit=100, remaining=50, reset=5", "ratelimit-policy": "100;w=10"},
        one(told(100, 50, 10)),
    ),
    "one dictionary without a policy (draft 07)": (
        {"ratelimit": "limit=100, remaining=50, reset=5"},
        one(told(100, 50, 10)),
    ),
    "lists of items (drafts 08 to 10)": (
        {
            "ratelimit-policy": '"burst";q=100;w=60,"daily";q=86400;w=86400;pk=:a2V5:',
            "ratelimit": '"burst";r=30;t=20,"daily";r=1;t=36400',
        },
        one(told(100, 30, 100 / 60, name="burst"), told(86400, 1, 1, name="daily")),
    ),
    "names as tokens (draft 08, Fakturoid)": (
        {"ratelimit-policy": "default;q=400;w=60", "ratelimit": "default;r=398;t=55"},
        one(told(400, 398, 400 / 60, name="default")),
    ),
    "a policy without a state (draft 10)": (
        {"ratelimit-policy": '"burst";q=100;w=60,"daily";q=1000;w=86400', "ratelimit": '"daily";r=1;t=36400'},
        one(told(1000, 1, 1000 / 86400, name="daily")),
    ),
    "no window, so the reset counts (draft 10)": (
        {"ratelimit-policy": '"burst";q=100', "ratelimit": '"burst";r=40;t=30'},
        one(told(100, 40, 2, name="burst")),
    ),
    "units we do not count (draft 09)": (
        {"ratelimit-policy": '"bytes";q=100;w=60;qu="content-bytes"', "ratelimit": '"bytes";r=0;t=20'},
        Signals(),
    ),
    "concurrency quota (draft 09 on)": (
        {"ratelimit-policy": '"x";q=3;qu="concurrent-requests"', "ratelimit": '"x";r=1'},
        Signals(ceiling=3, in_flight=2),
    ),
    "concurrency quota without a state": (
        {"ratelimit-policy": '"x";q=3;qu="concurrent-requests"'},
        Signals(ceiling=3),
    ),
    "concurrency in a header's name": (
        {"x-ratelimit-limit-concurrent": "3", "x-ratelimit-remaining-concurrent": "0"},
        Signals(ceiling=3, in_flight=3),
    ),
    "concurrency pair (ElevenLabs)": (
        {"current-concurrent-requests": "2", "maximum-concurrent-requests": "5"},
        Signals(ceiling=5, in_flight=2),
    ),
    "a concurrency of nothing": ({"maximum-concurrent-requests": "0"}, Signals()),
    "remaining only (Cohere trial)": ({"x-trial-endpoint-call-remaining": "19"}, Signals()),
    "unknown sentinel (Azure OpenAI, OpenRouter)": (
        {"x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "-1"},
        Signals(),
    ),
    "more at once than anybody sends": (
        {"maximum-concurrent-requests": "9" * 30, "current-concurrent-requests": "9" * 30},
        Signals(ceiling=MOST_AT_ONCE, in_flight=MOST_AT_ONCE),
    ),
    "more left than there is": ({"x-ratelimit-limit": "10", "x-ratelimit-remaining": "99"}, one(told(10, 10, 0))),
    "nothing (ElevenLabs 429, NVIDIA, Z.ai)": ({"content-type": "application/json"}, Signals()),
    "advice to retry": ({"x-should-retry": "true"}, Signals(should_retry=True)),
    "advice not to (on a full queue)": ({"x-should-retry": "False"}, Signals(should_retry=False)),
}


@pytest.mark.parametrize(("headers", "signals"), DIALECTS.values(), ids=DIALECTS)
def test_every_dialect_is_read(headers: Mapping[str, str], signals: Signals) -> None:
    """One frozen value, whoever wrote it."""
    assert read(headers, now_s=NOW_S) == signals


WAITS: Mapping[str, tuple[Mapping[str, str], float | None]] = {
    "seconds": ({"retry-after": "7"}, 7),
    "a fraction": ({"retry-after": "1.5"}, 1.5),
    "an HTTP date": ({"retry-after": "Mon, 21 Sep 2026 14:13:50 GMT"}, 30),
    "an HTTP date that is over": ({"retry-after": "Sun, 20 Sep 2026 14:13:50 GMT"}, 0),
    "an epoch by mistake": ({"retry-after": "1790000030"}, 30),
    "an epoch that is over": ({"retry-after": "1789990000"}, 0),
    "milliseconds": ({"retry-after-ms": "250"}, 0.25),
    "Azure's milliseconds": ({"x-ms-retry-after-ms": "250"}, 0.25),
    "the more exact one wins": ({"retry-after": "1", "retry-after-ms": "250"}, 0.25),
    "it wins over a reset": ({**TRIPLE, "x-ratelimit-reset": "99", "retry-after": "3"}, 3),
    "it wins over draft 10": ({"ratelimit-policy": '"a";q=9;w=60', "ratelimit": '"a";r=0;t=60', "retry-after": "3"}, 3),
    "a reset is none": ({**TRIPLE, "x-ratelimit-reset": "99"}, None),
    "an epoch in milliseconds": ({"retry-after": "1790000030000"}, 30),
    "an old HTTP date (RFC 850)": ({"retry-after": "Monday, 21-Sep-26 14:13:50 GMT"}, 30),
    "a date of C's asctime": ({"retry-after": "Mon Sep 21 14:13:50 2026"}, 30),
    "a Go duration": ({"retry-after": "1m0.5s"}, 60.5),
    "nothing to wait": ({"retry-after": "0"}, 0),
    "one of two, joined": ({"retry-after": "1, 2"}, None),
    "empty": ({"retry-after": ""}, None),
    "endless": ({"retry-after": "9" * 10_000}, None),
    "a wrong one is passed over": ({"retry-after": "2", "retry-after-ms": "soon"}, 2),
    "negative": ({"retry-after": "-1"}, None),
    "negative milliseconds": ({"retry-after-ms": "-250"}, None),
    "no number": ({"retry-after": "nan"}, None),
    "absurd": ({"retry-after": "86400"}, LONGEST_WAIT_S),
    "absurd milliseconds": ({"retry-after-ms": "9" * 30}, LONGEST_WAIT_S),
    "a date in the far future": ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_WAIT_S),
    "none": ({}, None),
}


@pytest.mark.parametrize(("headers", "wait_s"), WAITS.values(), ids=WAITS)
def test_retry_after(headers: Mapping[str, str], wait_s: float | None) -> None:
    """In every form that was seen, clamped to an hour."""
    assert read(headers, now_s=NOW_S).retry_after_s == wait_s


def test_the_server_s_clock_counts() -> None:
    """A date is as far away as the server says, however wrong our own clock is."""
    headers = {"date": "Mon, 21 Sep 2026 14:13:20 GMT", "retry-after": "Mon, 21 Sep 2026 14:13:50 GMT"}
    assert read(headers, now_s=NOW_S - 86_400).retry_after_s == 30
    assert read({**headers, "date": "yesterday"}, now_s=NOW_S).retry_after_s == 30


SKEWED = {
    "an HTTP date": "Mon, 21 Sep 2026 14:13:50 GMT",
    "RFC 3339": "2026-09-21T14:13:50Z",
    "an epoch": "1790000030",
    "an epoch in milliseconds": "1790000030000",
    "a delta": "30",
}


@pytest.mark.parametrize("off_s", [-86_400.0, 0.0, 86_400.0], ids=["slow", "right", "fast"])
@pytest.mark.parametrize("reset", SKEWED.values(), ids=SKEWED)
def test_the_server_s_clock_counts_for_resets_too(reset: str, off_s: float) -> None:
    """A refill is as fast as the server meant it."""
    headers = {**TRIPLE, "x-ratelimit-reset": reset, "date": "Mon, 21 Sep 2026 14:13:20 GMT"}
    assert read(headers, now_s=NOW_S + off_s) == one(told(100, 40, 2))


ODD: Mapping[str, tuple[Mapping[str, str], Mapping[str, Reading], Signals]] = {
    "milliseconds in Retry-After (Discord 6)": (
        {"retry-after": "6457"},
        {"retry-after": "ms"},
        Signals(retry_after_s=6.457),
    ),
    "seconds that look like an epoch": (
        {"retry-after": "1790000030"},
        {"retry-after": "s"},
        Signals(retry_after_s=LONGEST_WAIT_S),
    ),
    "an epoch that looks like milliseconds": (
        {"retry-after": "100000000000"},
        {"retry-after": "epoch_s"},
        Signals(retry_after_s=LONGEST_WAIT_S),
    ),
    "seconds in retry-after-ms": ({"retry-after-ms": "2"}, {"retry-after-ms": "s"}, Signals(retry_after_s=2)),
    "a wrong Retry-After, so the next one": (
        {"retry-after-ms": "1", "retry-after": "9"},
        {"retry-after-ms": "ignore"},
        Signals(retry_after_s=9),
    ),
    "a reset in milliseconds": (
        {**TRIPLE, "x-ratelimit-reset": "30000"},
        {"x-ratelimit-reset": "ms"},
        one(told(100, 40, 2)),
    ),
    "a reset of another bucket (Groq)": (
        {**TRIPLE, "x-ratelimit-reset": "30"},
        {"x-ratelimit-reset": "ignore"},
        one(told(100, 40, 0)),
    ),
    "a limit that does not bind (GitHub Models)": (TRIPLE, {"x-ratelimit-limit": "ignore"}, Signals()),
    "advice that misleads": ({"x-should-retry": "false"}, {"x-should-retry": "ignore"}, Signals()),
    "a clock that is wrong": (
        {"retry-after": "1790000030", "date": "Sun, 20 Sep 2026 14:13:20 GMT"},
        {"date": "ignore"},
        Signals(retry_after_s=30),
    ),
}


@pytest.mark.parametrize(("headers", "oddities", "signals"), ODD.values(), ids=ODD)
def test_every_oddity(headers: Mapping[str, str], oddities: Mapping[str, Reading], signals: Signals) -> None:
    """What a header looks like does not count where it is known to mean something else."""
    assert read(headers, now_s=NOW_S, oddities=oddities) == signals


def test_a_known_oddity_is_data() -> None:
    """A provider's own table says how a header is meant, or that it means nothing."""
    headers = {**TRIPLE, "x-ratelimit-reset": "30000", "retry-after": "1500"}
    read_oddly = read(headers, now_s=NOW_S, oddities={"retry-after": "ms", "x-ratelimit-reset": "ms"})
    assert read_oddly == Signals(retry_after_s=1.5, credits=(told(100, 40, 2),))
    unread = read(headers, now_s=NOW_S, oddities={"x-ratelimit-limit": "ignore", "retry-after": "ignore"})
    assert unread == Signals()


MALFORMED = {
    "dictionary": {"ratelimit": "limit=100, remaining=, reset"},
    "list": {"ratelimit": '"a";r=1', "ratelimit-policy": '"a";q=nope;w=60'},
    "an inner list": {"x-ratelimit-limit": "", "ratelimit-limit": "x", "ratelimit-policy": "(1 2);w=10"},
    "unclosed": {"ratelimit": '"a', "ratelimit-policy": "(((("},
    "no text": {"ratelimit": "limit=\udcff"},
    "a dictionary of lists": {"ratelimit": "limit=(100 1), remaining=50"},
    "a dictionary of nothing": {"ratelimit": "limit, remaining=50"},
    "names that are no names": {"ratelimit-policy": "?1;q=1, :YQ==:;q=1, @9;q=1", "ratelimit": "?1;r=1"},
    "an order of HuggingFace's": {"ratelimit-policy": '"fixed window";"api";q=500;w=300', "ratelimit": '"api";r=4'},
    "a state without a policy": {"ratelimit": '"daily";r=1;t=36400'},
    "a negative quota": {"ratelimit-policy": '"a";q=-1;w=60', "ratelimit": '"a";r=1'},
    "a truth for a number": {"ratelimit-policy": '"a";q;w=60', "ratelimit": '"a";r=1'},
    "negative words": {"x-ratelimit-limit": "-5", "x-ratelimit-remaining": "-5", "x-ratelimit-reset": "-5"},
    "a limit of nothing": {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0"},
    "an unsure advice": {"x-should-retry": "perhaps"},
    "a type of another limit": {"x-ratelimit-type": "UserByMinute"},
    "minus one at once": {"current-concurrent-requests": "-1", "maximum-concurrent-requests": "-1"},
    "numbers in words": {"x-ratelimit-limit": "many", "x-ratelimit-remaining": "few"},
    "endless": {"ratelimit-policy": '"a";q=1,' * 10_000},
}


@pytest.mark.parametrize("headers", MALFORMED.values(), ids=MALFORMED)
def test_what_cannot_be_understood_is_not_there(headers: Mapping[str, str]) -> None:
    """The drafts ask for it: a malformed field is ignored."""
    assert read(headers, now_s=NOW_S) == Signals()


def test_no_more_limits_are_kept_than_can_matter() -> None:
    """A server that names twenty is believed the first ones."""
    policies = ",".join(f'"{number}";q=10;w=60' for number in range(20))
    states = ",".join(f'"{number}";r=1' for number in range(20))
    signals = read({"ratelimit-policy": policies, "ratelimit": states}, now_s=NOW_S)
    assert [each.name for each in signals.credits] == [str(number) for number in range(MOST_CREDITS)]


NAMES = sorted(
    {name for table in (DIALECTS, WAITS) for headers, _ in table.values() for name in headers}
    | {"date", "ratelimit-reset", "x-ratelimit-reset-tokens-day", "x-ratelimit-limit-concurrent"}
)
GENERATED_NAMES = st.from_regex(
    r"(x-)?([a-z]{1,5}-)?rate-?limit(-(limit|remaining|reset|renewalperiod|after|policy|tokens|chars|req|day|[a-z]{1,5})){0,4}",
    fullmatch=True,
)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *('"a"', "a", "(", ")", ",", ";", "=", "limit=", "remaining=", "reset=", ":YQ==:", "?1", "@9", '%"a"'),
            *(";q=", ";w=", ";r=", ";t=", ";pk=", ';qu="tokens"', ';qu="concurrent-requests"', ";qu=chars"),
            *("100", "0", "-1", "-", ".", "0.001", "0." + "0" * 29 + "1", "9" * 12, "9" * 15, "9" * 30, "9" * 400),
            *("s", "ms", "m", "h", "1e308", "nan", "inf", "GMT", "Mon, 21 Sep 2026 14:13:50 ", "2026-09-21T14:13:50"),
            *("+99:99", "Z", " ", "\t", "\0", "é", "٣", "\ud83d"),
        ]
    )
).map("".join)
NUMBERS = st.floats().map(str) | st.integers().map(str) | st.decimals(0, 100, places=30).map("{:f}".format)
MADE_UP = st.builds(str.__mul__, st.text(st.characters(), max_size=20) | FRAGMENTS, st.sampled_from([1, 1, 1, 2000]))
CAPTURED = st.sampled_from(
    sorted({value for table in (DIALECTS, WAITS) for headers, _ in table.values() for value in headers.values()})
)
VALUES = CAPTURED | NUMBERS | MADE_UP
HEADERS = st.dictionaries(st.sampled_from(NAMES) | GENERATED_NAMES, VALUES, max_size=12)
READINGS: tuple[Reading, ...] = ("s", "ms", "epoch_s", "ignore")
ODDITIES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(READINGS), max_size=3)


@given(HEADERS, ODDITIES, st.sampled_from([0.0, NOW_S, 1e11]))
def test_no_header_raises_or_is_absurd(headers: dict[str, str], oddities: dict[str, Reading], now_s: float) -> None:
    """Whatever a server sends, the figures can be reckoned with."""
    signals = read(headers, now_s=now_s, oddities=oddities)
    assert signals.retry_after_s is None or 0 <= signals.retry_after_s <= LONGEST_WAIT_S
    assert signals.ceiling is None or 1 <= signals.ceiling <= MOST_AT_ONCE
    assert signals.in_flight is None or 0 <= signals.in_flight <= MOST_AT_ONCE
    assert len(signals.credits) <= MOST_CREDITS
    for each in signals.credits:
        assert 0 < each.limit < math.inf
        assert 0 <= each.remaining <= each.limit
        assert 0 <= each.refill_per_s < math.inf


@given(HEADERS, st.integers(0, 10**9))
def test_no_header_that_comes_with_speech_holds_up_for_long(headers: dict[str, str], chars: int) -> None:
    """It makes nobody wait for more than a minute, and leaves one request in flight at least."""
    signals = read(headers, now_s=NOW_S)
    ledger = credit.told(Ledger(), signals.credits, now_s=5.0, sent_s=4.0, spent=Spent())
    assert 0 <= credit.wait_s(ledger, now_s=5.0, chars=chars) <= credit.PATIENCE_S
    assert credit.wait_s(ledger, now_s=5.0 + credit.PATIENCE_S, chars=chars) == 0
    assert pace.told(Pace(), signals, now_s=5.0, sent_s=4.0, ours=1).limit >= 1
