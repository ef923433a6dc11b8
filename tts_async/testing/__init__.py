"""For the tests of programs that use tts_async."""
