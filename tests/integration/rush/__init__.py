"""What races, on one running system with two processes of each service that decides about it."""
