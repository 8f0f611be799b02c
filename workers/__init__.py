"""When does it happen later? Loops and schedules; what happens is a use case in ``resolvers``."""
