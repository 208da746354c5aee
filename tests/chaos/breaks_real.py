"""Breaks that only real Kafka and Postgres show."""

from __future__ import annotations

from tests.chaos.breaks import Break

REAL = "tests/integration/test_engine_"

BREAKS = (
    Break(
        "no stripe lock",
        "S1 whatever touches a key holds its stripe",
        "store.py",
        'ORDER BY n FOR UPDATE"\n\nOPEN',
        'ORDER BY n"\n\nOPEN',
        f"{REAL}locks.py::test_s1_whatever_touches_a_key_holds_its_stripe",
    ),
    Break(
        "position not compared",
        "C1 a batch that does not begin where its cursor stands is thrown away",
        "consume.py",
        "if opened.cursors[place][0] != run.since}",
        "if opened.cursors[place][0] < 0}",
        f"{REAL}locks.py::test_c1_a_cursor_that_was_moved_under_a_running_process_is_followed",
    ),
    Break(
        "sequence not compared",
        "C2 a number seen is dropped",
        "consume.py",
        "if before is not None and number <= before:",
        "if before is not None and number < 0:",
        f"{REAL}lives.py::test_r3_a_relay_that_dies_between_acknowledgement_and_delete_repeats_and_loses_nothing",
    ),
    Break(
        "gap not detected",
        "C2 a later number is a gap and stops the partition",
        "consume.py",
        "if before is not None and number > before + 1:",
        "if before is not None and number < 0:",
        f"{REAL}halts.py::test_c2_a_gap_stops_its_partition_alone",
    ),
    Break(
        "row deleted before its acknowledgement",
        "R3 a row goes only after its acknowledgement",
        "relay.py",
        "                acknowledged = await producer.send_batch(",
        "                lane.acked = last\n                acknowledged = await producer.send_batch(",
        f"{REAL}lives.py::test_r2_r3_r4_rows_that_no_broker_acknowledged_are_sent_in_order_by_the_next_process",
    ),
    Break(
        "two batches in flight",
        "R1 one unacknowledged batch at a time in a lane",
        "relay.py",
        "        if lane.queue and not lane.flying and",
        "        if lane.queue and",
        f"{REAL}locks.py::test_r1_a_slow_broker_gets_one_batch_of_a_lane_at_a_time",
    ),
    Break(
        "relay does not begin at the lowest row",
        "R2 a batch begins at the lowest row of its lane",
        "relay.py",
        "                 ORDER BY seq LIMIT $4) o",
        "                 ORDER BY seq DESC LIMIT $4) o",
        f"{REAL}lives.py::test_r2_r3_r4_rows_that_no_broker_acknowledged_are_sent_in_order_by_the_next_process",
    ),
    Break(
        "no scan",
        "R4 all lanes are scanned: a death strands nothing",
        "relay.py",
        "        for row in await self._connection.fetch(SCAN):",
        "        for row in (await self._connection.fetch(SCAN))[:0]:",
        f"{REAL}lives.py::test_r2_r3_r4_rows_that_no_broker_acknowledged_are_sent_in_order_by_the_next_process",
    ),
    Break(
        "timers outrun the backlog",
        "T2 after an outage the backlog comes first",
        "timers.py",
        "if all(done.get(place, 0) >= end for place, end in mark.ends.items())]",
        "if mark]",
        f"{REAL}time.py::test_t2_after_an_outage_the_backlog_comes_first",
    ),
    Break(
        "timer sent again and again",
        "T1 a timer is sent once, in the transaction that says so",
        "timers.py",
        '"UPDATE timer t SET sent_at = $1 FROM',
        '"UPDATE timer t SET sent_at = nullif($1, $1) FROM',
        f"{REAL}time.py::test_t1_a_deadline_fires_once_after_its_time_and_grace",
    ),
    Break(
        "inbox not checked",
        "C3 a known (source, id) is dropped",
        "consume.py",
        "        if seen is None:\n            return None",
        "        if seen != b'':\n            return None",
        f"{REAL}flow.py::test_c3_a_copy_of_an_upstream_event_takes_effect_once",
    ),
    Break(
        "reused id accepted as a copy",
        "C3 with another body it is rejected",
        "consume.py",
        'return "" if seen == item.body_hash else "event.id_reused"',
        'return "" if seen else "event.id_reused"',
        f"{REAL}flow.py::test_c3_the_same_id_with_another_body_is_refused",
    ),
    Break(
        "lane behind the log accepted",
        "a restored database halts",
        "checks.py",
        "        if sequence > lanes.get(lane, 0):",
        "        if sequence < 0:",
        f"{REAL}halts.py::test_a_lane_behind_its_log_halts_everything",
    ),
    Break(
        "version not checked on save",
        "S2 a row is written only over the version that was read",
        "saving.py",
        '\n WHERE "{kind}".version = excluded.base RETURNING 1',
        "\n RETURNING 1",
        f"{REAL}locks.py::test_s2_a_first_row_that_somebody_else_wrote_is_not_overwritten",
    ),
    Break(
        "bodies cut at their commas",
        "S5 a body comes back as it was written",
        "columns.py",
        'MARK = "\\x1f"',
        'MARK = ","',
        "tests/integration/test_sql.py::test_s5_every_text_number_and_null_of_a_column_survives",
    ),
    Break(
        "lane numbers not dense",
        "S4 a lane's numbers are dense",
        "saving.py",
        "DO UPDATE SET seq = lane.seq + excluded.seq\n",
        "DO UPDATE SET seq = lane.seq + excluded.seq + 1\n",
        f"{REAL}flow.py::test_a_life_takes_its_six_steps_once_and_in_order",
    ),
    Break(
        "attempts not marked",
        "L2 what killed the process three times is parked",
        "flow.py",
        "        if attempts > ATTEMPTS_MAX:",
        "        if attempts > ATTEMPTS_MAX * 99:",
        f"{REAL}lives.py::test_l2_an_event_that_kills_the_process_is_parked",
    ),
    Break(
        "a refused turn halts its partition",
        "L1 the one event that fails alone is parked",
        "consume.py",
        "if item.kind == OFFER and batch.park:",
        "if item.kind == OFFER and batch.park == '?':",
        f"{REAL}flow.py::test_l1_what_the_database_refuses_is_parked_alone",
    ),
    Break(
        "a notice in a transaction of its own",
        "N1 a copy and its notice are written together",
        "consume.py",
        "            effects.facts += notices(effects.facts, self.topics)\n"
        '            lap("fold")\n'
        "            outbox = await self.store.save(connection, effects, moves, datetime.now(UTC))\n"
        '            lap("save")\n'
        '            await connection.execute("COMMIT")\n',
        "            outbox = await self.store.save(connection, effects, moves, datetime.now(UTC))\n"
        '            await connection.execute("COMMIT")\n'
        '            await connection.execute("BEGIN")\n'
        "            told = Effects(facts=notices(effects.facts, self.topics))\n"
        "            outbox += await self.store.save(connection, told, [], datetime.now(UTC))\n"
        '            await connection.execute("COMMIT")\n',
        f"{REAL}lives.py::test_n1_a_process_that_dies_right_after_commit_has_told_what_it_refused",
    ),
    Break(
        "foreign event accepted",
        "E2 only what its service wrote is taken from our own topics",
        "envelope.py",
        'topic.source not in (None, headers.get("ce_source"))',
        "False",
        f"{REAL}flow.py::test_e1_e2_bad_records_never_block",
    ),
    Break(
        "the clock moves back",
        "K1 a manual clock never moves back",
        "clock.py",
        "if self._at is None or told.occurred_at > self._at:",
        "if told.occurred_at != self._at:",
        f"{REAL}time.py::test_k1_the_clock_never_moves_back",
    ),
    Break(
        "a client stopped by its follower",
        "a reader whose broker dies in the middle of a fetch is left whole",
        "connect.py",
        "    stopping = asyncio.create_task(client.stop())\n",
        "    await client.stop()\n    stopping = asyncio.create_task(client.stop())\n",
        f"{REAL}reading.py::test_a_reader_whose_broker_died_in_the_middle_of_a_fetch_is_left_whole_and_its_follower_goes_on",
    ),
    Break(
        "a forgotten delete stays forgotten",
        "R3 a delete that failed or was forgotten is done again",
        "relay.py",
        "            lane.deleted = 0",
        "            lane.deleted = lane.acked",
        f"{REAL}lives.py::test_r3_a_delete_that_a_fallen_server_forgot_is_done_again",
    ),
    Break(
        "an assignment is not checked",
        "what must hold at a start must hold at each assignment",
        "engine.py",
        "        if self._assigned_once:\n            self._verified",
        "        if not self._assigned_once:\n            self._verified",
        "tests/integration/test_engine_partitions.py",
    ),
)
