"""``python -m tts_async``."""

from tts_async.faces.cli import main

main()
