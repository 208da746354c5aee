"""Recomputes what must be true from the topics alone and compares it with the tables; knows the contract and no service."""

from deploy.verify.report import Check, Report
from deploy.verify.run import verify

__all__ = ["Check", "Report", "verify"]
