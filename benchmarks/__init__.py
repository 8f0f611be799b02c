"""The benchmark: what an answer costs Bekal beside the same answer written by hand."""
