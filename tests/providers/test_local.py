"""The embedded engine's translator: text it can hold in, three voices out, refusals in words."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_async.core.exchange import PLANNED, SpeechResponse, Take, fingerprint
from tts_async.core.headers import Signals
from tts_async.core.plan import Chunk, Line, Voice
from tts_async.errors import AudioError, ConfigError, DigestError, Rejected, Unavailable
from tts_async.providers import local
from tts_async.providers.base import EmbeddedProvider
from tts_async.providers.local import PITCHES, RATE_HZ, LocalProvider
from tts_async.providers.local_reading import BREATH_PHONEMES, SENTENCE_CHARS, readable, sentences_of, within_breath
from tts_async.sound.level import CEILING_DB, limit_peaks

hibari = pytest.importorskip("hibari")

NEWS = "Rain is moving in from the west this evening. Trains will run later than usual, so plan for a longer way home."
PROVIDER = LocalProvider()


def chunk(
    text: str = NEWS, *, voice: str = "heart", language: str = "en", settings: Mapping[str, object] | None = None
) -> Chunk:
    """Make a chunk of one line."""
    line = Line(speaker="narrator", voice=Voice(id=voice, settings=settings or {}), text=text, written=text)
    return Chunk(index=7, section=0, lines=(line,), language=language, pause_ms=0, start=0, end=len(text))


def speak(text: str = NEWS, *, voice: str = "heart", seed: int = 1, speed: float = 1.0) -> NDArray[np.float32]:
    """Speak a text as the sender does, without the limiter."""
    request = PROVIDER.request(chunk(text, voice=voice, settings={"speed": speed}), Take(seed=seed))
    said = [PROVIDER.say(request, n, sentence) for n, sentence in enumerate(PROVIDER.sentences(request))]
    return np.concatenate(said)


def f0_hz(samples: NDArray[np.float32]) -> float:
    """Measure the median fundamental frequency of the voiced frames by autocorrelation."""
    found = []
    for frame in np.lib.stride_tricks.sliding_window_view(samples, 960)[::480]:
        if frame.std() > 0.03:
            spectrum = np.fft.rfft(frame * np.hanning(960), 2048)
            echo = np.fft.irfft(np.abs(spectrum) ** 2)
            lags = np.arange(RATE_HZ // 450, RATE_HZ // 70)
            best = lags[np.argmax(echo[lags])]
            if echo[best] > 0.4 * echo[0]:
                found.append(RATE_HZ / best)
    return float(np.median(found))


def test_it_is_an_embedded_provider() -> None:
    """The class has all that a sender and a planner ask for."""
    assert isinstance(PROVIDER, EmbeddedProvider)
    assert list(PROVIDER.capabilities.voices) == list(PITCHES)
    assert next(iter(PITCHES)) == "heart"


class TestRequest:
    """What is asked, and what is refused before anything is spoken."""

    def test_a_request_says_all_that_is_heard(self) -> None:
        """Text, voice, speed, seed and the engine's version are in the request."""
        request = PROVIDER.request(chunk(voice="heart-deep", settings={"speed": 0.9}), Take(seed=5))
        assert request.body == {"text": NEWS, "voice": "heart-deep", "speed": 0.9, "seed": 5}
        assert request.origin == f"local/hibari-{hibari.__version__}"
        assert request.chars == len(NEWS)

    def test_speed_one_is_speed_one(self) -> None:
        """A speed that is left out, written as 1 or as 1.0 is one request."""
        settings: list[dict[str, object]] = [{}, {"speed": 1}, {"speed": 1.0}]
        assert len({fingerprint(PROVIDER.request(chunk(settings=each), PLANNED)) for each in settings}) == 1

    def test_another_take_sounds_different(self) -> None:
        """A second try without a seed of its own has another seed than the first."""
        seeds = [PROVIDER.request(chunk(), Take(number=number)).body["seed"] for number in (1, 2)]
        assert seeds[0] != seeds[1]

    @pytest.mark.parametrize("language", ["en", "en-GB", "en_US", "EN"])
    def test_english_is_spoken(self, language: str) -> None:
        """English is accepted with any region."""
        assert PROVIDER.request(chunk(language=language), PLANNED).path == "/speak"

    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("Heute regnet es.", "de"),
            ("今天下雨，火车晚点。", "zh"),
            ("今天下雨，火车晚点。", "en"),
            ("Сегодня идёт дождь.", "en"),
            ("اليوم ممطر", "en"),
        ],
        ids=["German", "Chinese", "Chinese called English", "Russian called English", "Arabic called English"],
    )
    def test_what_it_cannot_speak_is_refused(self, text: str, language: str) -> None:
        """Another language or script is an error that names the chunk and the way out."""
        with pytest.raises(DigestError, match=r"chunk 7: .*English only; choose a provider"):
            PROVIDER.request(chunk(text, language=language), PLANNED)

    @pytest.mark.parametrize(
        "text", ["The word 雨 means rain.", "1,234", "Café owners in Tromsø agree."], ids=["some", "digits", "accents"]
    )
    def test_mostly_latin_text_is_spoken(self, text: str) -> None:
        """A foreign word, digits and accents are no reason to refuse."""
        assert PROVIDER.request(chunk(text), PLANNED).body["text"] == text

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"speed": 0.5}, "speed is 0.5; it must be a number from 0.7 to 1.3"),
            ({"speed": 1.4}, "speed is 1.4"),
            ({"speed": float("nan")}, "speed is nan"),
            ({"speed": "fast"}, "speed is 'fast'"),
            ({"speed": True}, "speed is True"),
            ({"stability": 0.5}, "no voice setting 'stability'"),
        ],
        ids=["slow", "fast", "nan", "a word", "a truth", "another's setting"],
    )
    def test_a_wrong_setting_is_named(self, settings: dict[str, object], message: str) -> None:
        """A voice setting that is wrong is refused in a sentence that has the value in it."""
        with pytest.raises(ConfigError, match=message):
            PROVIDER.request(chunk(settings=settings), PLANNED)

    @pytest.mark.parametrize("voice", ["emma", "fenrir", "fable", "kore", "Heart", ""])
    def test_voices_that_would_be_downloaded_are_unknown(self, voice: str) -> None:
        """Only the three bundled voices are accepted: hibari would fetch its others from the network."""
        with pytest.raises(ConfigError, match="choose one of heart, heart-deep, heart-bright"):
            PROVIDER.request(chunk(voice=voice), PLANNED)

    def test_two_voices_in_a_chunk_are_refused(self) -> None:
        """A chunk has one voice here."""
        lines = chunk().lines + chunk(voice="heart-deep").lines
        both = Chunk(index=7, section=0, lines=lines, language="en", pause_ms=0, start=0, end=1)
        with pytest.raises(DigestError, match="one voice a chunk"):
            PROVIDER.request(both, PLANNED)


class TestSentences:
    """How text is cut for the model."""

    @given(text=st.text(max_size=1_500) | st.text("aB .,;!?\n\"'”(1", max_size=1_500))
    def test_the_pieces_join_back(self, text: str) -> None:
        """Whatever the text, its pieces join back to it and none is too long for a model call."""
        pieces = sentences_of(text, hibari.Hibari.split_sentences)
        assert "".join(pieces) == text
        assert all(0 < len(piece) <= SENTENCE_CHARS for piece in pieces)

    @pytest.mark.parametrize(
        ("text", "pieces"),
        [
            ("One. Two? Three!", ["One. ", "Two? ", "Three!"]),
            ('"Go." He went.', ['"Go." ', "He went."]),
            ("  One.\n\nTwo.\n", ["  One.\n\n", "Two.\n"]),
            ("The U.S. President met Dr. Smith.", ["The U.S. President met Dr. Smith."]),
            ("A wrapped\nline. Another\nLine", ["A wrapped\nline. ", "Another\n", "Line"]),
            ("", []),
            (" \n", [" \n"]),
        ],
        ids=["plain", "quotes", "paragraphs", "abbreviations", "wrapped", "empty", "blank"],
    )
    def test_sentences_are_cut_where_they_end(self, text: str, pieces: list[str]) -> None:
        """Pieces end at sentence ends and keep the space behind them."""
        assert sentences_of(text, hibari.Hibari.split_sentences) == pieces

    @pytest.mark.parametrize(
        ("text", "ends"),
        [("a word, " * 90, ", "), ("word " * 120, "word "), ("x" * 900, "x")],
        ids=["commas", "spaces", "neither"],
    )
    def test_long_sentences_are_cut_at_the_best_place(self, text: str, ends: str) -> None:
        """A sentence that is too long is cut after a comma, else after a space, else anywhere."""
        assert all(piece.endswith(ends) for piece in sentences_of(text, lambda whole: [whole]))

    @given(st.text("ab ,.1", max_size=3_000))
    def test_phonemes_fit_a_breath(self, phonemes: str) -> None:
        """No phoneme is lost to the limit of a model call."""
        parts = within_breath(phonemes)
        assert all(len(part) <= BREATH_PHONEMES for part in parts)
        assert "".join(parts).count("a") == phonemes.count("a")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("The MINISTER RESIGNS after FLOODS.", "The minister resigns after floods."),
        ("NASA, NATO and UNESCO met the BBC.", "NASA, NATO and UNESCO met the BBC."),
        ("STORM IS COMING", "storm is coming"),
        ("It IS the WHO.", "It IS the WHO."),
        ("the XQZPT agency", "the XQZPT agency"),
        ("a [word](/wˈɜɹd/) here", "a [word] (/wˈɜɹd/) here"),
    ],
    ids=["shouted", "acronyms", "headline", "short ones", "unknown", "phoneme syntax"],
)
def test_text_is_made_readable(written: str, read: str) -> None:
    """Shouting is calmed, acronyms stay, and script text never turns into phonemes."""
    assert readable(written, local._engine().g2p.lexicon) == read


class TestSpeech:
    """What is heard, by measurement."""

    def test_the_same_request_gives_the_same_samples(self) -> None:
        """A request is spoken alike each time, and unlike with another seed."""
        first = speak("Snow fell in the hills.")
        assert np.array_equal(first, speak("Snow fell in the hills."))
        assert not np.array_equal(first, speak("Snow fell in the hills.", seed=2))

    @pytest.mark.parametrize("voice", PITCHES)
    def test_a_voice_is_speech_and_fits_the_scale(self, voice: str) -> None:
        """Each voice takes a plausible time, is neither silent nor noise, and fits under the ceiling when limited."""
        samples = speak(voice=voice)
        limited = limit_peaks(samples, RATE_HZ)
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        assert 10 < len(NEWS) / (len(samples) / RATE_HZ) < 22
        assert 0.02 < limited.std() < 0.12
        assert np.abs(limited).max() <= np.float32(10 ** (CEILING_DB / 20))
        assert 0.1 < np.mean(np.abs(limited) < 0.005) < 0.5

    def test_the_voices_differ_in_pitch(self) -> None:
        """The three voices' fundamental frequencies stand apart as their pitches do."""
        heard = {voice: f0_hz(speak(voice=voice)) for voice in PITCHES}
        for voice, pitch in PITCHES.items():
            assert heard[voice] / heard["heart"] == pytest.approx(pitch, rel=0.08)

    def test_speed_changes_the_time_it_takes(self) -> None:
        """Slow speech is longer and fast speech shorter, about as asked."""
        slow, fast = len(speak(speed=0.7)), len(speak(speed=1.3))
        assert slow / fast == pytest.approx(1.3 / 0.7, rel=0.15)

    @pytest.mark.parametrize("text", ["...", "   ", "—", "日本"])
    def test_what_cannot_be_said_is_empty(self, text: str) -> None:
        """Punctuation and foreign script give no samples."""
        request = PROVIDER.request(chunk(), PLANNED)
        assert PROVIDER.say(request, 0, text).size == 0


class TestAnswer:
    """The stored answer and what is read from it."""

    REQUEST = PROVIDER.request(chunk(), PLANNED)

    def test_the_marks_sum_to_text_and_frames(self) -> None:
        """A clip says how many characters and frames each sentence took, unspoken ones too."""
        pieces = [np.zeros(3, np.float32), np.zeros(0, np.float32), np.ones(2, np.float32)]
        clip = PROVIDER.clip(chunk(), PROVIDER.response(self.REQUEST, ["One. ", "… ", "Two."], pieces))
        assert [(mark.chars, mark.frames) for mark in clip.marks] == [(5, 3), (2, 0), (4, 2)]
        assert (clip.encoding, clip.rate_hz, len(clip.audio)) == ("pcm_s16le", RATE_HZ, 10)

    def test_samples_are_rounded_and_clipped(self) -> None:
        """Samples become the nearest 16-bit value, never one that wraps around."""
        samples = np.array([0, 1, -1, 2, -2, 0.4 / 32767, 0.6 / 32767], np.float32)
        body = PROVIDER.response(self.REQUEST, ["x"], [samples]).body
        assert np.frombuffer(body, "<i2").tolist() == [0, 32767, -32767, 32767, -32768, 0, 1]

    @pytest.mark.parametrize("digits", [16, 36, 37, 60, 5_000])
    def test_a_long_number_is_read_digit_by_digit(self, digits: int) -> None:
        """The engine has no word for it, and would die of it."""
        number = "7" * digits
        assert readable(f"It is {number} exactly.", local._engine().g2p.lexicon) == f"It is {' '.join(number)} exactly."
        assert readable("It is 7,777,777 exactly.", local._engine().g2p.lexicon) == "It is 7,777,777 exactly."

    def test_whatever_the_engine_dies_of_is_a_rejection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same text would meet it again: no other attempt is made, and the message has the text."""

        def die(self: object, text: str) -> str:
            raise IndexError("list index out of range")

        monkeypatch.setattr(hibari.g2p.G2P, "__call__", die)
        with pytest.raises(Rejected, match=r"cannot speak 'low words\.': list index"):
            PROVIDER.say(self.REQUEST, 0, "low words.")

    def test_silence_is_an_error(self) -> None:
        """An answer without a sample is refused, with the text in the message."""
        with pytest.raises(Rejected, match="nothing to speak in 'Rain is"):
            PROVIDER.response(self.REQUEST, ["…"], [np.zeros(0, np.float32)])

    @pytest.mark.parametrize(
        "changes",
        [
            {"content-type": "audio/mpeg"},
            {"sentence-chars": ""},
            {"sentence-chars": "1,2"},
            {"sentence-frames": "many"},
            {"sentence-frames": "2"},
        ],
        ids=["type", "empty", "uneven", "words", "too few"],
    )
    def test_a_broken_answer_is_refused(self, changes: dict[str, str]) -> None:
        """Headers that do not fit the body make no clip."""
        whole = PROVIDER.response(self.REQUEST, ["One."], [np.zeros(3, np.float32)])
        broken = SpeechResponse(status=200, headers={**whole.headers, **changes}, body=whole.body)
        with pytest.raises(AudioError):
            PROVIDER.clip(chunk(), broken)

    @pytest.mark.parametrize(("status", "kind"), [(500, Unavailable), (400, Rejected)])
    def test_an_error_is_named(self, status: int, kind: type[Exception]) -> None:
        """A status that is no success becomes an error of the tree."""
        assert type(PROVIDER.error(SpeechResponse(status=status, headers={}, body=b""), Signals())) is kind


class TestLoading:
    """The engine is loaded once, without network, and its absence is said in words."""

    def test_it_is_loaded_once(self) -> None:
        """Warming up twice gives the one engine."""
        PROVIDER.warm_up()
        first = local._engine()
        PROVIDER.warm_up()
        assert local._engine() is first

    def test_hibari_is_never_asked_for_a_voice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The engine is made without a voice name, so nothing can be downloaded."""
        asked: list[tuple[tuple[object, ...], dict[str, object]]] = []

        class Recorded:
            def __init__(self, *args: object, **named: object) -> None:
                asked.append((args, named))

            def g2p(self, text: str) -> str:
                return text

        monkeypatch.setattr(hibari, "Hibari", Recorded)
        local._load.__wrapped__()
        assert asked == [((), {})]

    def test_a_missing_engine_names_both_ways_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without hibari, loading says what to install and what to choose instead."""
        real_import = builtins.__import__

        def without_hibari(name: str, *args: object, **named: object) -> object:
            if name == "hibari":
                raise ImportError("No module named 'hibari'")
            return real_import(name, *args, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(builtins, "__import__", without_hibari)
        with pytest.raises(ConfigError, match=r"pip install 'tts-async\[local\]'.*--provider"):
            local._load.__wrapped__()

    def test_a_missing_distribution_says_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A request cannot even be planned without the engine's version."""

        def gone(name: str) -> str:
            raise PackageNotFoundError(name)

        monkeypatch.setattr(local, "version", gone)
        with pytest.raises(ConfigError, match=r"pip install 'tts-async\[local\]'.*--provider"):
            PROVIDER.request(chunk(), PLANNED)
