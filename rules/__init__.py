"""What is true? The programme's rules as pure functions and plain values: no I/O, and ``now`` is a parameter."""
