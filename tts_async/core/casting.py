"""Gives every speaker a voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tts_async.core.digest import Digest, VoiceChoice, VoiceMap
from tts_async.core.faults import pointer
from tts_async.core.plan import Capabilities, Voice
from tts_async.core.script import Passage
from tts_async.errors import ConfigError, DigestError


def cast(
    digest: Digest,
    said: Sequence[Passage],
    provider: str,
    capabilities: Capabilities,
    overrides: Mapping[str, str],
    *,
    stands_in: bool = False,
) -> tuple[dict[str, Voice], tuple[str, ...]]:
    """Find each speaker's voice at a provider, and what to note about it.

    An override goes before the digest; speakers of a digest that names no voices get those of the
    provider that nobody has yet, in the order in which they appear. Where a provider ``stands_in``, a voice that was not
    named for it has to be one it is known to have.
    """
    first_words: dict[str, str] = {}
    for passage in said:
        first_words.setdefault(passage.speaker, passage.names_speaker)
    for speaker in overrides:
        if speaker and speaker not in first_words:
            raise ConfigError(f"No speaker is called {speaker!r}; this digest has {', '.join(first_words)}.")
    named = {speaker: _named(digest, speaker, where, provider, overrides) for speaker, where in first_words.items()}
    given = {speaker: voice for speaker, voice in named.items() if voice}
    nameless = [speaker for speaker in named if speaker not in given]
    free = _free(capabilities, given) if nameless else []
    voices = given | {speaker: Voice(id=free[number % len(free)]) for number, speaker in enumerate(nameless)}
    for speaker, voice in voices.items():
        any_voice = capabilities.any_voice and (not stands_in or _meant_for(digest, speaker, provider))
        if not any_voice and voice.id not in capabilities.voices:
            known = ", ".join(capabilities.voices) or "none that is known"
            raise ConfigError(f"{provider} has no voice {voice.id!r} for {speaker!r}; it has {known}.")
    crowded = len(nameless) > len(free)
    return voices, (f"{len(nameless)} speakers share {len(free)} voices of {provider}",) if crowded else ()


def _free(capabilities: Capabilities, given: Mapping[str, Voice]) -> list[str]:
    """The provider's voices that no speaker has, or all where each has one."""
    if not capabilities.voices:
        raise ConfigError("This provider has no voice of its own; name one in the digest or with --voice.")
    taken = {voice.id for voice in given.values()}
    return [voice for voice in capabilities.voices if voice not in taken] or list(capabilities.voices)


def _named(digest: Digest, speaker: str, where: str, provider: str, overrides: Mapping[str, str]) -> Voice | None:
    if overridden := overrides.get(speaker) or overrides.get(""):
        return Voice(id=overridden)
    if not digest.voices:
        return None
    if speaker not in digest.voices:
        named = ", ".join(digest.voices)
        raise DigestError(f"no voice is given for {speaker!r}; 'voices' has {named}", where=where)
    return _chosen(digest.voices[speaker], speaker, provider)


def _chosen(choice: str | VoiceMap, speaker: str, provider: str) -> Voice:
    if isinstance(choice, str):
        return Voice(id=choice)
    here = choice.providers.get(provider)
    if isinstance(here, VoiceChoice):
        return Voice(id=here.voice, settings=here.settings)
    if name := here or choice.voice:
        return Voice(id=name, settings=choice.settings)
    message = f"{speaker!r} has no voice at {provider}; name one under 'providers' or with --voice"
    raise DigestError(message, where=pointer("voices", speaker))


def _meant_for(digest: Digest, speaker: str, provider: str) -> bool:
    """Whether the digest says which voice a speaker has at just this provider."""
    choice = digest.voices.get(speaker)
    return isinstance(choice, VoiceMap) and provider in choice.providers
