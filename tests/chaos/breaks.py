"""Single deliberate breaks of the engine: each must be caught by a test, or the test proves nothing."""

from __future__ import annotations

from dataclasses import dataclass

UNIT = "tests/unit/messaging/"


@dataclass(frozen=True)
class Break:
    """sentence: what it makes untrue. old → new: the edit, in shared/messaging. by: the test that must fail."""

    name: str
    sentence: str
    file: str
    old: str
    new: str
    by: str


BREAKS = (
    Break(
        "cursor moves from anywhere",
        "C1 positions are compared",
        "consume.py",
        "        if moved:\n            raise Moved(moved)",
        "        if moved and not moved:\n            raise Moved(moved)",
        f"{UNIT}test_consume.py::test_c1_a_batch_that_does_not_continue_its_cursor_is_thrown_away",
    ),
    Break(
        "a gap forgotten",
        "C2 a gap is read again once, whatever else the partition does",
        "queues.py",
        "partition.reread -= {topic for (topic, at), run in batch.runs.items() if at == number and run.records}",
        "partition.reread.clear()",
        f"{UNIT}test_queues.py::test_c2_a_topic_read_again_for_a_gap_is_remembered_until_it_goes_on_itself",
    ),
    Break(
        "others' records never go",
        "Q5 what is for others is pressed after a while",
        "flow.py",
        "        self._alone = None\n        self.queues.press()\n",
        "        self.queues.press()\n",
        f"{UNIT}test_dispatch.py::test_q5_what_is_for_others_goes_alone_after_a_while_however_often_it_comes",
    ),
    Break(
        "timer without its row",
        "F6 a timer that no longer stands is dropped",
        "fold.py",
        "if timed and not self._stands(event, touched):",
        "if timed and not touched:",
        f"{UNIT}test_fold.py::test_f6_a_timer_that_no_longer_stands_is_dropped",
    ),
    Break(
        "a timer that still stands goes unnoticed",
        "F6 one that still stands after its decision is a bug",
        "fold.py",
        "if timed and self._stands(event, touched | overlay):",
        "if timed and not touched:",
        f"{UNIT}test_fold.py::test_f6_a_timer_that_still_stands_after_its_decision_is_a_bug",
    ),
    Break(
        "due not compared",
        "F7 the timers armed are always those that `due` names",
        "fold.py",
        "            if place not in after:\n                self._disarm(place)",
        "            if place in after:\n                self._disarm(place)",
        f"{UNIT}test_fold.py::test_f7_the_timers_armed_are_those_that_due_names",
    ),
    Break(
        "a moved deadline is not armed again",
        "F7 the difference of `due` is what is written",
        "fold.py",
        "            if before.get(place) != timer:",
        "            if place not in before:",
        f"{UNIT}test_fold.py::test_f7_a_deadline_that_moved_is_armed_again",
    ),
    Break(
        "reject leaves an inbox row",
        "F5 a corrected resend is welcome",
        "fold.py",
        "        if isinstance(outcome, Reject):\n            self.refuse(",
        "        if isinstance(outcome, Reject):\n            self.seen(incoming)\n            self.refuse(",
        f"{UNIT}test_fold.py::test_f5_a_rejected_event_leaves_no_inbox_row",
    ),
    Break(
        "what is another service's is held behind a parked event",
        "F5 it leaves no inbox row",
        "fold.py",
        " and incoming.event.concerns(self.service.name) else ()",
        " else ()",
        f"{UNIT}test_fold.py::test_f5_what_is_another_services_is_remembered_nowhere_though_the_key_is_parked",
    ),
    Break(
        "later events pass a parked one",
        "F3 behind a parked event they queue",
        "fold.py",
        '        if "parked" in states:\n',
        '        if "parked" in states and not states:\n',
        f"{UNIT}test_fold.py::test_f3_events_queue_behind_a_parked_one_and_are_done_in_order_after_redrive",
    ),
    Break(
        "later events pass ready ones",
        "F3 behind ready ones too",
        "fold.py",
        '        elif "ready" in states:\n',
        '        elif "ready" in states and not states:\n',
        f"{UNIT}test_fold.py::test_f3_events_queue_behind_a_parked_one_and_are_done_in_order_after_redrive",
    ),
    Break(
        "waiting event not woken",
        "F4 offered again after each later event of its key that changed something",
        "fold.py",
        "            if changed:\n                self._offer_waiting(key)\n        return True",
        "        return True",
        f"{UNIT}test_fold.py::test_f4_waiting_events_are_done_once_their_cause_has_come",
    ),
    Break(
        "what a batch held back not known to it",
        "F4 offered again after each later event of its key that changed something, of its own batch too",
        "fold.py",
        "        self._items[held.ref] = incoming\n",
        "",
        f"{UNIT}test_fold.py::test_f4_events_of_one_batch_wait_for_each_other_too",
    ),
    Break(
        "held events offered in another order",
        "F3 F4 in order",
        "fold.py",
        '        rows = [row for row in self.held(key) if row.state == "ready"]\n',
        '        rows = [row for row in self.held(key) if row.state == "ready"][::-1]\n',
        f"{UNIT}test_fold.py::test_f3_a_turn_offers_a_bounded_chunk_and_arms_the_next",
    ),
    Break(
        "too large a fact committed",
        "F8 what could not be sent does not commit",
        "fold.py",
        "> MAX_OUT_BYTES - HEADERS_MAX",
        "> MAX_OUT_BYTES * 9",
        f"{UNIT}test_fold.py::test_f2_f8_an_event_whose_fold_raises_leaves_no_trace_but_the_parked_event",
    ),
    Break(
        "fold not atomic",
        "F2 an event is folded whole or not at all",
        "fold.py",
        "        overlay[place] = Changed(now.base,",
        "        overlay[place] = self._places[place] = Changed(now.base,",
        f"{UNIT}test_fold.py::test_f2_f8_an_event_whose_fold_raises_leaves_no_trace_but_the_parked_event",
    ),
    Break(
        "entity versions not dense",
        "F1 a fact's version is its entity's next",
        "fold.py",
        "        return now.version + 1\n",
        "        return now.version\n",
        f"{UNIT}test_fold.py::test_f1_versions_are_dense_for_each_entity",
    ),
    Break(
        "a fact about what was not touched",
        "F1 a fact changes exactly one touched entity",
        "fold.py",
        "        now = overlay.get(place) or touched.get(place)\n",
        "        now = overlay.get(place) or touched.get(place) or self._places.setdefault(place, Changed(0, 0, None, None))\n",
        f"{UNIT}test_fold.py::test_f2_f8_an_event_whose_fold_raises_leaves_no_trace_but_the_parked_event",
    ),
    Break(
        "no slow start",
        "Q3 after an unclean start batches begin at one",
        "queues.py",
        "1 if number in suspects else batch_max",
        "batch_max",
        f"{UNIT}test_queues.py::test_q3_after_an_unclean_start_batches_begin_at_one_and_double",
    ),
    Break(
        "ids not from their cause",
        "a replay spells the same ids",
        "fold.py",
        "identity = fact_id(self.source, incoming.envelope.source, incoming.envelope.id, ordinal)",
        "identity = str(uuid.uuid4())",
        f"{UNIT}test_fold.py::test_f1_facts_ids_are_spelled_from_their_cause",
    ),
    Break(
        "a cut batch advances too far",
        "Q2 what was not taken begins the next batch",
        "consume.py",
        "(upto := stops.get(place, run.upto))",
        "(upto := run.upto)",
        f"{UNIT}test_consume.py::test_a_cut_batch_moves_each_cursor_only_to_its_first_record_not_taken",
    ),
    Break(
        "a suspect in company",
        "L2 if the process dies, no neighbour is blamed",
        "queues.py",
        "        if any(partition.busy and partition.size < self.batch_max for partition in self.partitions.values()):\n",
        "        if any(partition.busy and partition.size < 0 for partition in self.partitions.values()):\n",
        f"{UNIT}test_queues.py::test_l2_two_suspects_are_never_tried_at_once",
    ),
    Break(
        "what is put back stands behind",
        "Q2 what is put back stands in front again",
        "queues.py",
        "        self.records.extendleft(reversed(records))\n",
        "        self.records.extend(records)\n",
        f"{UNIT}test_queues.py::test_q1_q2_every_stream_is_taken_once_and_in_order_whatever_fails",
    ),
    Break(
        "two batches of a partition at once",
        "Q1 one batch at a time works on a stripe's partitions",
        "queues.py",
        "            partition.busy, partition.pressed = True, False\n",
        "            partition.busy, partition.pressed = False, False\n",
        f"{UNIT}test_queues.py::test_q1_one_batch_at_a_time_works_on_a_partition",
    ),
    Break(
        "a record left out",
        "reading begins at the cursor, and every record from there on is taken",
        "queues.py",
        "        self.records.extend(records)\n",
        "        self.records.extend(records[1:])\n",
        f"{UNIT}test_queues.py::test_q1_q2_every_stream_is_taken_once_and_in_order_whatever_fails",
    ),
    Break(
        "an older answer taken",
        "Q4 what was asked for before a rewind is dropped when it comes",
        "queues.py",
        "        if stream.fetched == asked:\n",
        "        if stream.fetched != -1:\n",
        f"{UNIT}test_queues.py::test_q4_what_was_asked_for_before_a_rewind_is_dropped_when_it_comes",
    ),
    Break(
        "aborted transactions read",
        "X2 records of aborted transactions are skipped",
        "fetch.py",
        "            yield batch, not (batch.is_transactional and batch.producer_id in aborting)",
        "            yield batch, True",
        f"{UNIT}test_fetch.py::test_x2_records_of_an_aborted_transaction_are_skipped_and_the_position_moves_over_them",
    ),
    Break(
        "a discarded event forgotten",
        "F3 what was discarded never happens",
        "fold.py",
        "        self._let_go(row, keep_inbox=True)\n",
        "        self._let_go(row)\n",
        f"{UNIT}test_fold.py::test_f3_discard_frees_what_stood_behind",
    ),
    Break(
        "a stranger's turn accepted",
        "E2 nor does a stranger take the engine's turns",
        "system.py",
        " or not number_of(topic, dict(record.headers)):",
        ":",
        f"{UNIT}test_consume.py::test_e2_only_numbered_records_are_turns_of_the_engine",
    ),
    Break(
        "well before it is read",
        "Q7 a partition is said to be well once an answer has come for each of its lanes",
        "queues.py",
        "                if not partition.unread and partition.halted:",
        "                if partition.halted:",
        f"{UNIT}test_flow.py",
    ),
)
