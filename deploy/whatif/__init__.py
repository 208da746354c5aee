"""What would have been under another policy: the recorded topics decided again, in money and scores, and nothing written. Source: R9.2.

past.py    what the topics hold, kept small
desk.py    one service deciding in memory
arrivals.py, retrace.py  in which order the services took it all, found by deciding it again as it was
drift.py   where an older release decided otherwise than this one
rerun.py   decided once more under the candidate
book.py, compare.py, report.py    what it comes to
"""

from deploy.whatif.past import NoReplay, Past, gather
from deploy.whatif.report import Report
from deploy.whatif.run import Span, whatif

__all__ = ["NoReplay", "Past", "Report", "Span", "gather", "whatif"]
