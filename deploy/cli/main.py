"""The `laotie` command: one module a family, registered here."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from deploy.cli.errors import expected

COMMANDS = {
    "up": "stack",
    "down": "stack",
    "status": "stack",
    "logs": "stack",
    "prepare": "prepare",
    "clock": "clock",
    "idle": "idle",
    "explain": "explain",
    "cases": "cases",
    "case": "cases",
    "certificate": "certificate",
    "ledger": "statement",  # its group is ledger.py's
    "attention": "attention",
    "standing": "standing",
    "reconcile": "reconcile",
    "interventions": "interventions",
    "trust": "trust",
    "verify": "verify",
    "policy": "policy",
    "parked": "parked",
    "refused": "refused",
    "cursor": "adopt",  # its group is cursor.py's
    "rebuild": "rebuild",
    "recover": "recover",
    "topics": "topics",
    "contract": "glossary",  # its group is contract.py's
}


class Group(click.Group):
    """Expected failures end in one clear line and status 1; usage errors stay click's, status 2.

    modules: by command, where it is; imported when it is asked for, so that `laotie clock` need not load what `laotie verify` needs.
    """

    def __init__(self, *arguments: Any, modules: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._modules = modules

    def invoke(self, ctx: click.Context) -> object:
        with expected():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        command: click.Command = getattr(import_module(f"deploy.cli.{self._modules[cmd_name]}"), cmd_name)
        return command


@click.group(cls=Group, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Laotie: the trust backbone of live commerce, on real Kafka and Postgres.

    Everything lies in .laotie/ of the checkout, or where LAOTIE_HOME says. With LAOTIE_KAFKA or LAOTIE_POSTGRES set, those servers
    are used and not started. Exit status: 0 done, 1 failed, 2 wrong usage.
    """


if __name__ == "__main__":
    main()
