"""What the command prints for people. Ids of refused events and free texts come as somebody typed them, and a terminal obeys what it reads:
a line stays one line, and nothing in it moves the cursor, colours, deletes or turns the reading around.
"""

import unicodedata
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import click


def say(line: str = "", *, err: bool = False) -> None:
    """One line. What is printed for programs is JSON, which escapes by itself."""
    click.echo(plain(line), err=err)


def plain(text: str) -> str:
    """Each character that is not seen is spelt (`\\x1b`, `\\n`, `\\u202e`); blanks of any width stay."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or unicodedata.category(each) == "Zs" else _spelt(each) for each in text)


def local(at: datetime | str, zone: ZoneInfo) -> str:
    """A moment as a clock on the wall there shows it; as it is where none does. at: with its zone; a text is RFC 3339."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    with suppress(OverflowError):  # at the edge of the calendar
        moment = moment.astimezone(zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode()
