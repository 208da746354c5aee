"""A small make-believe trade for the engine's proofs: three services pass a life around in six steps. Nothing of commerce."""
