"""What a database lost or somebody spoilt, made again from the topics while its service stands. The running engine needs none of it."""
