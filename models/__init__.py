"""What is stored, and how safely? Tables and the constraints that carry the programme's invariants."""
