"""Markdown as the words that a reader sees: no marks, tags, emoji or addresses.

Parsed as CommonMark with tables and strikethrough; indented text stays prose, since scripts are seldom code. Each
heading, paragraph, list item, quote and table row becomes a paragraph of its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

import regex  # type: ignore[import-untyped]
from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"]).disable("code")
# The parser drops what is nested deeper than that, so the markers and margins that nest are cut down first.
_NESTING = re.compile(r"^[ \t]*(?:(?:>|[-+*][ \t]|\d{1,9}[.)][ \t])[ \t]*){9,}|^[ \t]{61,}", re.MULTILINE)

# "[Note]: yes" would be read as the address of a link, and vanish; addresses have a dot, a slash or a "#" in them.
_LABELLED_WORD = re.compile(r"^( {0,3})\[(?=[^\]\n]+\]:[ \t]*[^\s./#<]+[ \t]*$)", re.MULTILINE)

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufe0e\ufeff]")

# Alternatives that reach to the end (\Z) keep an unclosed comment from being looked for again at every "<".
_HIDDEN = re.compile(
    r"<!--(?:.*?-->|.*\Z)|<\?(?:.*?\?>|.*\Z)|<(script|style)\b(?:.*?</\1[^>]*>|.*\Z)", re.DOTALL | re.IGNORECASE
)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|data|del|dfn|em|font|i|img|ins|kbd|mark|q|rp|rt|ruby|s|samp|small|span|strong"
    r"|sub|sup|time|tt|u|var|wbr)\b[^<>]*>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(r"<[/a-z!][^<>]*>", re.IGNORECASE)
_MUTING_TAG = re.compile(r"<(/?)(?:script|style)\b", re.IGNORECASE)

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\u3000-\u303f\uff00-\uffef"
_CJK_LINE_END = regex.compile(rf"(?<=[{_CJK}])[ \t]*\n\s*(?=[{_CJK}])")
_ADDRESS = regex.compile(
    rf"(?i)(?<![a-z0-9])(?:(?:https?|ftp)://|www\.)(?:[^\s<>\"“”{_CJK}]+|[^\s<>\"“”]+)|\bmailto:(?=[^\s@]{{1,64}}@)"
)
_ADDRESS_PARTS = re.compile(r"(?:\w+://)?(?:[^/?#@]*@)?(?:www\.)?([^/?#:]*)", re.IGNORECASE)
_ADDRESS_END = ".,;:!?…)]}'’*_~"

# Unicode counts some characters as pictures that are read: ©, ®, ™, double marks, circled ideographs.
_PICTURE = r"[[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{RI}]--[©®™‼⁉〰〽㊗㊙]]"
_EMOJI = regex.compile(
    rf"(?V1) ?(?:(?:[0-9#*]\ufe0f?\u20e3|{_PICTURE}[\ufe0f\u20e3\U000e0020-\U000e007f\u200d]*)+ ?)+|\ufe0f"
)
_CLOSING = tuple(".,;:!?…)]”’")

_STRAY_MARK = regex.compile(
    r"\A\[[ xX]\]\s|\[\^[^\]\s]{1,40}\]:?|`+|\*{2,}|~{2,}|#{2,}|_{2,}|\A(?:>\s*)+"
    r"|\[{2,}|\]{2,}|(?<!\d ?)\*|\*(?! ?\d)|(?<!\w)#(?!\w)|(?<!\w)_|_(?!\w)"
)
_SPACES = re.compile(r"\s+")


def paragraphs(markdown: str) -> tuple[list[str], list[str]]:
    """The paragraphs of a text in plain words, and a sentence on each part that is left out."""
    tokens = _MARKDOWN.parse(_NESTING.sub(_shallower, _LABELLED_WORD.sub(r"\1\\[", _INVISIBLE.sub("", markdown))))
    prose = [paragraph for block in _blocks(tokens) if (paragraph := _cleaned(block))]
    return prose, [_left_out(token) for token in tokens if token.type == "fence"]


def _shallower(found: re.Match[str]) -> str:
    markers = found[0].split()
    if not markers:
        return " " * 60
    return "> " if markers[-1].endswith(">") else f"{markers[-1]} "


def _left_out(fence: Token) -> str:
    line = fence.map[0] + 1 if fence.map else 0
    return f"The code block at line {line} is not read aloud."


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    """The text of each block, still with line ends and stray marks."""
    row: list[str] | None = None
    number = ""
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield ", ".join(cell for cell in row if cell)
            row = None
        elif token.type == "list_item_open":
            number = _said_number(token)
        elif token.type == "list_item_close":
            yield number
            number = ""
        elif token.type == "html_block":
            yield from _html_blocks(token.content)
        elif token.type == "inline" and row is not None:
            row.append(_cleaned(_inline(token.children or ())))
        elif token.type == "inline":
            yield number + _inline(token.children or ())
            number = ""


def _said_number(item: Token) -> str:
    """The number of a list item where it is rather a year, as in "1986. What a summer!"."""
    return f"{item.info}{item.markup} " if len(item.info) > 2 else ""


def _inline(tokens: Sequence[Token]) -> str:
    """The words of a block; those between script or style tags are none."""
    words: list[str] = []
    muted_from: int | None = None
    for token in tokens:
        if token.type == "html_inline":
            if muting := _MUTING_TAG.match(token.content):
                muted_from = _muted(words, muted_from, closing=bool(muting[1]))
            elif token.content.lower().startswith("<br"):
                words.append("\n")
        elif token.type in {"softbreak", "hardbreak"}:
            words.append("\n")
        elif token.type == "image":
            words.append(_inline(token.children or ()))
        else:
            words.append(token.content)
    return "".join(words)


def _muted(words: list[str], muted_from: int | None, *, closing: bool) -> int | None:
    if not closing:
        return len(words)
    del words[len(words) if muted_from is None else muted_from :]
    return None


def _html_blocks(source: str) -> list[str]:
    inline = _INLINE_TAG.sub("", _HIDDEN.sub("", source))
    return html.unescape(_BLOCK_TAG.sub("\n\n", inline)).split("\n\n")


def _cleaned(block: str) -> str:
    """One line of prose, free of what a reader would not see or say."""
    words = _ADDRESS.sub(_host, _INVISIBLE.sub("", block))
    words = _SPACES.sub(" ", _CJK_LINE_END.sub("", words.strip())).replace("|", " ")
    words = _STRAY_MARK.sub("", _EMOJI.sub(_gap, words))
    return _SPACES.sub(" ", words).strip()


def _host(found: re.Match[str]) -> str:
    """An address as it is said: example.com for https://www.example.com/page?id=1."""
    address = found[0].rstrip(_ADDRESS_END)
    parts = _ADDRESS_PARTS.match(address)
    return (parts[1] if parts else "") + found[0][len(address) :] if found[0].lower() != "mailto:" else ""


def _gap(emoji: re.Match[str]) -> str:
    """The space that stays where emoji are gone: one between words, none before a mark."""
    at_edge = emoji.start() == 0 or emoji.end() == len(emoji.string)
    return " " if " " in emoji[0] and not at_edge and not emoji.string.startswith(_CLOSING, emoji.end()) else ""
