"""laotie topics plan · apply"""

import json

import click

from deploy.cli.connect import running
from deploy.cli.plain import say
from deploy.local import topics as cluster
from deploy.local.stack import ACLS, TOPICS, Stack


@click.group()
def topics() -> None:
    """Compare or bring topics and ACLs to deploy/topics.yaml and deploy/acls.yaml."""


@topics.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def plan(as_json: bool) -> None:
    """Show the differences; status 1 when one cannot be repaired (a partition count)."""
    changes = planned(running())
    if as_json:
        told = {"changes": changes.lines(), "errors": changes.errors, "unmanaged": changes.unmanaged, "unseen": changes.unseen}
        say(json.dumps({**told, "acls": not changes.acls_off}))
    else:
        _print(changes)
    if changes.errors:
        raise SystemExit(1)


@topics.command("apply")
def apply_() -> None:
    """Make the differences go away; partition counts are never altered."""
    stack = running()
    _print(cluster.settle(stack.admin(), cluster.read_topics(TOPICS, stack.stripes), cluster.read_grants(ACLS)))


def planned(stack: Stack) -> cluster.Plan:
    """What would be changed."""
    return cluster.plan(stack.admin(), cluster.read_topics(TOPICS, stack.stripes), cluster.read_grants(ACLS))


def _print(changes: cluster.Plan) -> None:
    for line in changes.lines() or ["nothing to change"]:
        say(line)
    for name in changes.unmanaged:
        say(f"? topic {name} is not in {TOPICS.name}; left alone")
    for one in changes.unseen:
        say(f"? not compared, this account may not: {one}")
    for line in changes.refused:
        say(f"? refused by the cluster: {line}")
    if changes.acls_off:
        say("? the cluster has no authorizer: ACLs are not applied")
