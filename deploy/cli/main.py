"""The `laotie` command: one module a family, registered here."""

import click

from deploy.cli import (
    attention,
    cases,
    certificate,
    clock,
    contract,
    cursor,
    explain,
    idle,
    ledger,
    parked,
    policy,
    prepare,
    reconcile,
    replay,
    stack,
    standing,
    topics,
    trust,
    verify,
)
from deploy.cli.errors import expected


class Group(click.Group):
    """Expected failures end in one clear line and status 1; usage errors stay click's, status 2."""

    def invoke(self, ctx: click.Context) -> object:
        with expected():
            return super().invoke(ctx)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Laotie: the trust backbone of live commerce, on real Kafka and Postgres.

    Everything lies in .laotie/ of the checkout, or where LAOTIE_HOME says. With LAOTIE_KAFKA or LAOTIE_POSTGRES set, those servers
    are used and not started. Exit status: 0 done, 1 failed, 2 wrong usage.
    """


policy.policy.add_command(replay.replay)
for command in (
    stack.up,
    stack.down,
    stack.status,
    stack.logs,
    prepare.prepare,
    clock.clock,
    idle.idle,
    explain.explain,
    cases.cases,
    cases.case,
    certificate.certificate,
    ledger.ledger,
    attention.attention,
    standing.standing,
    reconcile.reconcile,
    trust.trust,
    verify.verify,
    policy.policy,
    parked.parked,
    cursor.cursor,
    topics.topics,
    contract.contract,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
