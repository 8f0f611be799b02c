"""Applications: what their organisations read of them and change, and what the programme office decides."""
