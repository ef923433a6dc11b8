"""The formats of finished files, by their suffixes, and what writes them. Every encoder blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tts_async.engine.encoder import Encoder
from tts_async.engine.lame import LameFile, lame_here
from tts_async.engine.m4a import AAC_RATES_HZ, AacFile, av_lacks
from tts_async.engine.sndfile import SNDFILE
from tts_async.engine.wavfile import WavFile
from tts_async.errors import ConfigError

MP3_RATES_HZ = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
OPUS_RATES_HZ = frozenset({8_000, 12_000, 16_000, 24_000, 48_000})


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a file is made; ``lacks`` is a sentence where this machine cannot, ``rates_hz`` ``None`` is any rate."""

    open: Callable[[Path, int], Encoder]
    lacks: Callable[[], str]
    rates_hz: frozenset[int] | None = None


def _wav(path: Path, rate_hz: int) -> Encoder:
    return WavFile(path, rate_hz)


def _mp3(path: Path, rate_hz: int) -> Encoder:
    return LameFile(path, rate_hz) if lame_here() else SNDFILE[".mp3"].open(path, rate_hz)


def _sndfile_lacks(suffix: str) -> str:
    here = SNDFILE[suffix].is_here() or (suffix == ".mp3" and lame_here())
    return "" if here else f"The libsndfile on this machine does not write {suffix} files; choose .wav."


def _by_sndfile(suffix: str, rates_hz: frozenset[int] | None = None) -> Format:
    return Format(open=SNDFILE[suffix].open, lacks=partial(_sndfile_lacks, suffix), rates_hz=rates_hz)


FORMATS: Mapping[str, Format] = {
    ".wav": Format(open=_wav, lacks=str),
    ".flac": _by_sndfile(".flac"),
    ".ogg": _by_sndfile(".ogg"),
    ".opus": _by_sndfile(".opus", OPUS_RATES_HZ),
    ".mp3": Format(open=_mp3, lacks=partial(_sndfile_lacks, ".mp3"), rates_hz=MP3_RATES_HZ),
    ".m4a": Format(open=AacFile, lacks=av_lacks, rates_hz=AAC_RATES_HZ),
    ".m4b": Format(open=AacFile, lacks=av_lacks, rates_hz=AAC_RATES_HZ),
}


def check_format(name: str, suffix: str, rate_hz: int) -> None:
    """Raise `ConfigError` where a file of that name and rate is none that can be written."""
    form = FORMATS.get(suffix.lower())
    if form is None:
        known = ", ".join(FORMATS)
        raise ConfigError(f"{name!r} does not end in a format that can be written; choose one of {known}.")
    if lacking := form.lacks():
        raise ConfigError(lacking)
    if form.rates_hz is not None and rate_hz not in form.rates_hz:
        known = ", ".join(map(str, sorted(form.rates_hz)))
        raise ConfigError(f"{suffix} files cannot hold {rate_hz} Hz; choose an output rate of {known} Hz.")


def encoder(path: Path, rate_hz: int) -> Encoder:
    """Open a file for writing, over what is there. Raises OSError, and soundfile's own error."""
    return FORMATS[path.suffix.lower()].open(path, rate_hz)
