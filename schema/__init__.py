"""What does a client see? The graph's types and the committed snapshots."""
