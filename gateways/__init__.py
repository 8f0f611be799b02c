"""What does an outside party say? One module for each, with its time-outs."""
