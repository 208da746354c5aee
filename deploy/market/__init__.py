"""Simulated upstream apps, as strangers would write them: plain Kafka clients, JSON bodies, nothing of the services."""
