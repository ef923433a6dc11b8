"""A script without an event loop: one call, one file."""

from tts_async import generate_digest_sync

result = generate_digest_sync({"id": "hello", "script": "Good morning. It is going to be a bright day."})
saved = result.save("hello.wav")
print(f"{saved}: {result.duration_s:.1f} s")
