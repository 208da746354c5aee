"""One number of partitions for a deployment, from one place; another than there is halts with its code before anything changes."""

from __future__ import annotations

import asyncpg
import pytest

from deploy.local import topics
from deploy.local.postgres import run
from deploy.local.process import StackError
from deploy.local.stack import Stack
from shared.messaging.connect import Halted
from shared.messaging.seed import seed
from tests.infra import Fresh

pytestmark = pytest.mark.stack


def test_another_number_of_stripes_than_there_is_is_refused_with_its_code_before_anything_changes(stack: Stack, fresh: Fresh) -> None:
    """Topics first, then each schema."""
    more = topics.read_topics(stack.topics_file, stack.stripes + 1)
    keyed, stripes = [topic for topic in more if topic.partitions > 1], stack.stripes
    with pytest.raises(StackError) as all_others:
        topics.settle(stack.admin(), more, topics.read_grants(stack.acls_file))
    assert str(all_others.value) == (
        f"halt.partition_count: {len(keyed)} topics ({keyed[0].name} …) have {stripes} partitions and need {stripes + 1}: "
        f"keys would change places, so that is never altered; LAOTIE_STRIPES was {stripes} when they were made"
    ), "one line in all"
    with pytest.raises(StackError) as one_other:
        topics.settle(stack.admin(), keyed[:1], [])
    assert str(one_other.value).startswith(f"halt.partition_count: topic {keyed[0].name} has {stripes} partitions and needs")
    schema = fresh.schema("payment")

    async def seeded(stripes: int) -> int:
        connection = await asyncpg.connect(stack.dsn("admin"))
        try:
            await seed(connection, schema.name, stripes, {}, ())
            return int(await connection.fetchval(f'SELECT count(*) FROM "{schema.name}".stripe'))
        finally:
            await connection.close()

    assert (run(seeded(3)), run(seeded(3))) == (3, 3)
    with pytest.raises(Halted, match=r"halt\.partition_count"):
        run(seeded(4))
    assert run(seeded(3)) == 3


def test_the_number_of_stripes_is_what_laotie_stripes_says(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAOTIE_STRIPES", "5")
    assert Stack(stack.home.root).stripes == 5
    assert {topic.partitions for topic in topics.read_topics(stack.topics_file, 5)} == {1, 5}
    monkeypatch.setenv("LAOTIE_STRIPES", "0")
    with pytest.raises(StackError, match="LAOTIE_STRIPES"):
        Stack(stack.home.root)
