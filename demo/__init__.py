"""What does a made-up programme look like? Deterministic demo data, loaded with COPY."""
