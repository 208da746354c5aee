"""Payments: escrow of each order, refunds out of it, settlement to the parties, payouts."""
