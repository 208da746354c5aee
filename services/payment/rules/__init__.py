"""Rules of money that need no state: who bears which part."""
